#include "relay/dispatcher.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace forebay {

Dispatcher::Dispatcher(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Metrics& metrics,
                       LastOutcomes& last_outcomes, Promises& promises)
    : core_(core),
      backlog_(backlog),
      clock_(clock),
      ids_(ids),
      metrics_(metrics),
      last_outcomes_(last_outcomes),
      promises_(promises) {}

void Dispatcher::hand_over(const std::vector<Send>& sends) {
  if (sends.empty()) return;
  const Instant begun = clock_.now().steady;
  for (const Send& send : sends) {
    auto outgoing = std::make_unique<Outgoing>();
    outgoing->send = send;
    outgoing->begun = begun;
    outgoing->id = ids_.encode(send.sequence, send.queue);
    outgoing->queue = core_.queue(send.queue)->config.name;
    outgoing_.emplace(send.ticket, std::move(outgoing));
    backlog_.attempt_begun(send.sequence, send.attempt);
  }
  backlog_.write_attempts();
  for (const Send& send : sends) take_up(*outgoing_.find(send.ticket)->second);
}

void Dispatcher::take_up(Outgoing& outgoing) {
  const Ticket ticket = outgoing.send.ticket;
  std::deque<Ticket>& line = lines_[outgoing.send.sink];
  if (auto message = backlog_.held(outgoing.send.sequence)) {
    outgoing.stored = std::move(*message);
    outgoing.meta = decode_meta(outgoing.stored.meta);
  }
  if (outgoing.meta && line.empty()) return deliver(outgoing);
  line.push_back(ticket);
  if (outgoing.meta) return;
  backlog_.fetch(outgoing.send.sequence,
                 [this, ticket](int error, StoredMessage message) { fetched(ticket, error, std::move(message)); });
}

void Dispatcher::fetched(Ticket ticket, int error, StoredMessage message) {
  const auto found = outgoing_.find(ticket);
  if (closed_ || found == outgoing_.end()) return;
  Outgoing& outgoing = *found->second;
  std::deque<Ticket>& line = lines_[outgoing.send.sink];
  outgoing.stored = std::move(message);
  if (error == 0) outgoing.meta = decode_meta(outgoing.stored.meta);
  if (!outgoing.meta) unreadable(ticket, error == 0 ? EBADMSG : error);
  if (outgoing_.contains(ticket)) misreading_ = false;
  deliver_from(line);
}

// What the disk does not hold is given up; a disk or a process in trouble is no reason to give up a message.
void Dispatcher::unreadable(Ticket ticket, int error) {
  const auto found = outgoing_.find(ticket);
  const MessageId id = found->second->id;
  if (replies_ != nullptr) replies_->none(found->second->send.sequence);
  outgoing_.erase(found);
  if (error == EBADMSG || error == ENOENT) {
    const std::string why = std::string("unreadable on disk: ") + std::strerror(error);
    spdlog::error("message {}: {}; it is a dead letter now", std::string_view(id.data(), id.size()), why);
    return core_.damaged(ticket, why, clock_.now());
  }
  const std::string why = std::string("cannot be read: ") + std::strerror(error);
  if (!std::exchange(misreading_, true)) spdlog::error("messages on disk: {}; they are tried again every second", why);
  core_.unread(ticket, why, clock_.now());
}

// They never left: no attempt of theirs is under way.
void Dispatcher::close() {
  closed_ = true;
  for (const auto& line : lines_) {
    for (const Ticket ticket : line) {
      const auto found = outgoing_.find(ticket);
      if (found != outgoing_.end()) backlog_.attempt_over(found->second->send.sequence);
    }
  }
  backlog_.write_attempts();
}

// As far as bodies are there.
void Dispatcher::deliver_from(std::deque<Ticket>& line) {
  for (; !line.empty(); line.pop_front()) {
    const auto found = outgoing_.find(line.front());
    if (found == outgoing_.end()) continue;  // unreadable
    if (!found->second->meta) return;
    deliver(*found->second);
  }
}

void Dispatcher::deliver(Outgoing& outgoing) {
  Meta& meta = *outgoing.meta;
  outgoing.due_ms = std::max(outgoing.stored.accepted_ms, meta.not_before_ms);
  Delivery delivery;
  delivery.ticket = outgoing.send.ticket;
  delivery.attempt = outgoing.send.attempt;
  delivery.message_id = std::string_view(outgoing.id.data(), outgoing.id.size());
  delivery.queue = outgoing.queue;
  delivery.key = meta.key;
  delivery.content_type = meta.content_type;
  delivery.idempotency_key = meta.idempotency_key.empty() ? delivery.message_id : meta.idempotency_key;
  delivery.headers = std::move(meta.forward);
  delivery.method = meta.method;
  delivery.target = meta.target;
  if (replies_ != nullptr) delivery.reply_bytes_max = replies_->begun(outgoing.send.sequence);
  delivery.body = outgoing.stored.body;
  delivery.keep = outgoing.stored.keep;
  sinks_[outgoing.send.sink]->deliver(std::move(delivery));
}

void Dispatcher::handed_out(Ticket ticket) {
  Outgoing& outgoing = *outgoing_.find(ticket)->second;
  outgoing.handed_out = true;
  outgoing.stored = {};
  outgoing.meta.reset();
  ++handed_out_;
}

void Dispatcher::take_back(Ticket ticket) {
  outgoing_.erase(ticket);
  core_.never_left(ticket, clock_.now());
}

// What is tried again has no reply yet.
void Dispatcher::answer(Sequence sequence, const Outcome& outcome) {
  if (replies_ == nullptr || !replies_->awaits(sequence)) return;
  const MessageEntry* entry = core_.entry(sequence);
  const bool over = outcome.kind == Outcome::Kind::delivered || entry == nullptr || entry->state == MessageState::dead;
  if (!over || !outcome.answered || !outcome.reply || outcome.status < 200 || outcome.status > 599)
    return replies_->none(sequence);
  replies_->reply(sequence, {outcome.status, outcome.reply->headers, outcome.reply->body});
}

void Dispatcher::observe(const Outgoing& outgoing, const Outcome& outcome, Now now) {
  const SinkMetrics& sink = *metrics_.find_sink(core_.lanes()[outgoing.send.sink]->config().name);
  sink.attempts[outcome.kind]->Increment();
  sink.downstream_seconds->Observe((now.steady - outgoing.begun).as_seconds());
  if (outcome.kind == Outcome::Kind::delivered) {
    last_outcomes_.erase(outgoing.send.sequence);
    observe_delivery(outgoing, now);
  } else {
    last_outcomes_.set(outgoing.send.sequence, outcome.reason);
  }
}

void Dispatcher::observe_delivery(const Outgoing& outgoing, Now now) {
  const Sequence sequence = outgoing.send.sequence;
  const MessageEntry& entry = *core_.entry(sequence);
  const ClassLane& klass = core_.queue(outgoing.send.queue)->classes[entry.klass];
  const int64_t delay_ms = core_.time().ms(now) - outgoing.due_ms;
  metrics_.find_queue(outgoing.queue)
      ->of_class(klass.config.name)
      .delivery_delay_seconds->Observe(static_cast<double>(std::max<int64_t>(delay_ms, 0)) / 1e3);
  if (!Promises::sampled(sequence)) return;
  if (const auto error = promises_.kept(sequence, now.wall)) {
    metrics_.eta_error_seconds->Observe(error->as_seconds());
  }
}

void Dispatcher::on_outcome(Ticket ticket, Outcome outcome) {
  const auto found = outgoing_.find(ticket);
  assert(found != outgoing_.end());
  // Stamped after the read: a permit that came home too early would let one send too many through.
  const Now now = clock_.now();
  observe(*found->second, outcome, now);
  const std::unique_ptr<Outgoing> outgoing = std::move(found->second);
  outgoing_.erase(found);
  if (outgoing->handed_out) --handed_out_;
  core_.settled(ticket, outcome, now);
  answer(outgoing->send.sequence, outcome);
  // A dead letter's promise is void, even if the letter is replayed.
  const Sequence sequence = outgoing->send.sequence;
  if (!Promises::sampled(sequence) || outcome.kind == Outcome::Kind::delivered) return;
  const MessageEntry* entry = core_.entry(sequence);
  if (entry == nullptr || entry->state == MessageState::dead) promises_.forget(sequence);
}

void Dispatcher::read_ahead() {
  constexpr size_t ahead_max = 128;
  ahead_.clear();
  core_.upcoming(ahead_max, &ahead_);
  if (!ahead_.empty()) backlog_.prefetch(ahead_);
}

}  // namespace forebay
