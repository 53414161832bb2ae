#include "relay/check_desk.h"

#include <algorithm>
#include <utility>

#include "relay/retry.h"

namespace forebay {
namespace {

ResponseRule rule(const char* decision, ResponseRule::Then then) {
  ResponseRule rule;
  rule.statuses = {{200, 200}};
  rule.json_pointer = "/decision";
  rule.in = {decision};
  rule.then = then;
  return rule;
}

// An answer is an outcome: delivered is commit, dead is rollback, whatever else is unknown.
SinkConfig sink_of(const QueueConfig& queue) {
  ResponseRule unknown;
  unknown.then = ResponseRule::Then::retry;
  SinkConfig sink;
  sink.name = "check:" + queue.name;
  sink.type = "http";
  sink.url = queue.check_url;
  sink.responses = {rule("commit", ResponseRule::Then::delivered), rule("rollback", ResponseRule::Then::dead), unknown};
  return sink;
}

}  // namespace

CheckDesk::Line& CheckDesk::line_of(const QueueConfig& queue) {
  Line& line = lines_[queue.name];
  if (line.url == queue.check_url) return line;
  line.url = queue.check_url;
  if (line.sink) {
    line.sink->reconfigure(sink_of(queue));
  } else {
    line.sink = make_sink(sink_of(queue), *this);
  }
  return line;
}

// The queue of a message that is still held, if that has somebody to ask.
const QueueConfig* CheckDesk::asks_for(Sequence sequence) const {
  const MessageEntry* entry = core_.entry(sequence);
  if (entry == nullptr || entry->state != MessageState::held) return nullptr;
  const QueueConfig& queue = core_.queue(entry->queue)->config;
  return queue.check_url.empty() ? nullptr : &queue;
}

bool CheckDesk::ask(Sequence sequence, Now) {
  const QueueConfig* queue = asks_for(sequence);
  if (queue == nullptr || !make_sink || closed_) return false;
  sweep();
  if (asked_[sequence] >= queue->retry.max_attempts) {
    asked_.erase(sequence);
    return false;
  }
  Line& line = line_of(*queue);
  line.waiting.push_back(sequence);
  send_next(line);
  return true;
}

void CheckDesk::send_next(Line& line) {
  while (line.under_way < check_requests_max && !line.waiting.empty()) {
    const Sequence sequence = line.waiting.front();
    line.waiting.pop_front();
    if (const QueueConfig* queue = asks_for(sequence)) begin(line, sequence, *queue);
  }
}

void CheckDesk::begin(Line& line, Sequence sequence, const QueueConfig& queue) {
  const Ticket ticket = next_ticket_++;
  ++line.under_way;
  ++asked_[sequence];
  auto question = std::make_unique<Question>();
  question->sequence = sequence;
  question->queue = queue.name;
  question->id = ids_.encode(sequence, core_.entry(sequence)->queue);
  under_way_.emplace(ticket, std::move(question));
  backlog_.fetch(sequence, [this, ticket](int error, StoredMessage stored) {
    if (!closed_) fetched(ticket, error, std::move(stored));
  });
}

// One that cannot be read is asked about again, like one that nobody answered for; its reading is looked after when it
// is to be sent.
void CheckDesk::fetched(Ticket ticket, int error, StoredMessage stored) {
  Question& question = *under_way_.find(ticket)->second;
  question.stored = std::move(stored);
  auto meta = error == 0 ? decode_meta(question.stored.meta) : std::nullopt;
  if (!meta) return finish(ticket, Outcome::Kind::unanswered);
  question.meta = std::move(*meta);
  Delivery delivery;
  delivery.ticket = ticket;
  delivery.attempt = asked_[question.sequence];
  delivery.message_id = {question.id.data(), question.id.size()};
  delivery.queue = question.queue;
  delivery.key = question.meta.key;
  delivery.content_type = question.meta.content_type;
  delivery.idempotency_key =
      question.meta.idempotency_key.empty() ? delivery.message_id : question.meta.idempotency_key;
  delivery.headers = question.meta.forward;
  delivery.body = question.stored.body;
  delivery.keep = question.stored.keep;
  lines_.find(question.queue)->second.sink->deliver(std::move(delivery));
}

void CheckDesk::on_outcome(Ticket ticket, Outcome outcome) {
  if (!closed_) finish(ticket, outcome.kind);
}

void CheckDesk::finish(Ticket ticket, Outcome::Kind kind) {
  const auto found = under_way_.find(ticket);
  const std::unique_ptr<Question> question = std::move(found->second);
  under_way_.erase(found);
  const Now now = clock_.now();
  const QueueConfig* queue = asks_for(question->sequence);
  const bool decided = kind == Outcome::Kind::delivered || kind == Outcome::Kind::dead;
  if (decided) asked_.erase(question->sequence);
  if (kind == Outcome::Kind::delivered) {
    core_.release(question->sequence, now);
  } else if (decided && queue != nullptr) {
    core_.cancel(question->sequence, now);
  } else if (queue != nullptr) {
    core_.hold_until(question->sequence, now.steady + backoff(queue->retry, asked_[question->sequence], random_));
  }
  Line& line = lines_.find(question->queue)->second;
  --line.under_way;
  send_next(line);
}

// Forgets those that were decided on meanwhile.
void CheckDesk::sweep() {
  if (asked_.size() < sweep_at_) return;
  absl::erase_if(asked_, [this](const auto& asked) { return asks_for(asked.first) == nullptr; });
  sweep_at_ = std::max<size_t>(1024, 2 * asked_.size());
}

void CheckDesk::shut_down() {
  closed_ = true;
  for (auto& [name, line] : lines_) {
    if (line.sink) line.sink->shut_down();
  }
}

}  // namespace forebay
