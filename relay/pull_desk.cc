#include "relay/pull_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "doors/refusal.h"

namespace forebay {
namespace {

constexpr int64_t read_grace_ms = 1000;  // for a body that is being read when the wait is over

}  // namespace

class PullDesk::PulledSink : public Sink {
 public:
  explicit PulledSink(PullDesk& desk) : desk_(desk) {}
  void deliver(Delivery delivery) override { desk_.deliver(std::move(delivery)); }
  void reconfigure(const SinkConfig&) override {}
  void shut_down() override {}  // leases outlive the process

 private:
  PullDesk& desk_;
};

PullDesk::PullDesk(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers,
                   Dispatcher& dispatcher)
    : core_(core),
      backlog_(backlog),
      clock_(clock),
      ids_(ids),
      answers_(answers),
      dispatcher_(dispatcher),
      lease_ends_(core.time().ms(clock.now())),
      wait_ends_(core.time().ms(clock.now())) {
  look_again();
}

std::unique_ptr<Sink> PullDesk::make_sink() {
  return std::make_unique<PulledSink>(*this);
}

void PullDesk::look_again() {
  for (const Queue& queue : core_.queues()) {
    if (!queue.configured || !queue.config.pull) continue;
    Line& line = lines_[queue.config.name];
    line.queue = queue.id;
    line.sink = queue.sink;
    line.lease = queue.config.lease;
  }
}

// ---- a loop turn ----

void PullDesk::before_tick(Now now) {
  const int64_t now_ms = core_.time().ms(now);
  lease_ends_.advance(now_ms, [&](Sequence sequence) {
    const auto lease = leases_.find(sequence);
    if (lease == leases_.end() || lease->second.until_ms > now_ms) return;
    Outcome expired;
    expired.reason = "lease expired";
    end_lease(sequence, std::move(expired));
  });
  wait_ends_.advance(now_ms, [&](uint64_t number) {
    const auto waiting = waiting_.find(number);
    if (waiting == waiting_.end()) return;
    const auto [line, consumer] = waiting->second;
    const bool soon = on_the_way(*line) > 0 && now_ms < consumer->until_ms + read_grace_ms;
    if (!soon) return answer(*line, consumer, now);
    wait_ends_.add(now_ms + 2, number);
  });
  for (auto& [name, line] : lines_) {
    const uint64_t coming = on_the_way(line);
    core_.want(line.sink, line.left > coming ? line.left - coming : 0);
  }
}

Instant PullDesk::after_tick(Now now) {
  for (auto& [name, line] : lines_) {
    if (line.assigned > 0) answer_all(line, now, false);
  }
  Instant next = Instant::never();
  for (const TimingWheel* wheel : {&lease_ends_, &wait_ends_}) {
    if (const auto due = wheel->next_due_ms()) next = std::min(next, core_.time().instant(*due));
  }
  return next;
}

// Messages that the core has sent and that no consumer has got yet: their bodies are being read.
uint64_t PullDesk::on_the_way(const Line& line) const {
  return core_.lanes()[line.sink]->in_flight() - line.leased - line.assigned;
}

void PullDesk::deliver(Delivery delivery) {
  Line& line = lines_.find(delivery.queue)->second;
  const auto wants = std::find_if(line.consumers.begin(), line.consumers.end(),
                                  [](const Consumer& consumer) { return consumer.left > 0; });
  if (wants == line.consumers.end()) return dispatcher_.take_back(delivery.ticket);  // who wanted it has gone
  --wants->left;
  --line.left;
  ++line.assigned;
  wants->got.push_back(std::move(delivery));
}

void PullDesk::answer_all(Line& line, Now now, bool even_without) {
  const bool more = on_the_way(line) > 0;
  for (auto consumer = line.consumers.begin();
       consumer != line.consumers.end() && (line.assigned > 0 || even_without);) {
    const auto at = consumer++;
    const bool ready = even_without || at->left == 0 || (!more && !at->got.empty());
    if (ready) answer(line, at, now);
  }
}

void PullDesk::answer(Line& line, Consumers::iterator consumer, Now now) {
  std::vector<LeasedMessage> messages;
  for (const Delivery& delivery : consumer->got) messages.push_back(hand_out(line, *consumer, delivery, now));
  consumer->listener->on_leased(consumer->token, messages);
  for (const Delivery& delivery : consumer->got) dispatcher_.handed_out(delivery.ticket);
  consumer->got.clear();
  drop(line, consumer);
}

LeasedMessage PullDesk::hand_out(Line& line, const Consumer& consumer, const Delivery& delivery, Now now) {
  const Instant until = now.steady + consumer.lease;
  core_.handed_out(delivery.ticket, until, now);
  const Sequence sequence = ids_.decode(delivery.message_id)->sequence;
  const int64_t until_ms = core_.time().ms_at(until) + 1;
  leases_[sequence] = {delivery.ticket, &line, static_cast<uint8_t>(delivery.attempt), until_ms};
  lease_ends_.add(until_ms, sequence);
  --line.assigned;
  ++line.leased;
  LeasedMessage message;
  message.id = delivery.message_id;
  message.lease_id = fmt::format("{}.{}", delivery.message_id, delivery.attempt);
  message.attempt = delivery.attempt;
  message.content_type = delivery.content_type;
  message.key = delivery.key;
  message.idempotency_key = delivery.idempotency_key;
  message.headers = delivery.headers;
  message.body = delivery.body;
  return message;
}

// What it has got and was not told of goes back, as if it had never left.
void PullDesk::drop(Line& line, Consumers::iterator consumer) {
  line.left -= consumer->left;
  line.assigned -= consumer->got.size();
  for (const Delivery& delivery : consumer->got) dispatcher_.take_back(delivery.ticket);
  waiting_.erase(consumer->number);
  numbers_.erase({consumer->listener, consumer->token});
  line.consumers.erase(consumer);
}

void PullDesk::stop() {
  stopped_ = true;
  const Now now = clock_.now();
  for (auto& [name, line] : lines_) answer_all(line, now, true);
}

// ---- what consumers ask ----

PullDesk::Line* PullDesk::find_line(std::string_view queue, std::optional<Problem>* problem) {
  const auto line = lines_.find(queue);
  const Queue* found = line == lines_.end() ? nullptr : core_.queue(line->second.queue);
  if (found != nullptr && found->configured && found->config.pull) return &line->second;
  const auto& all = core_.queues();
  const bool is_there = std::any_of(all.begin(), all.end(),
                                    [&](const Queue& other) { return other.configured && other.config.name == queue; });
  *problem = is_there ? refusal(409, "not-pulled", "This queue is not pulled",
                                fmt::format("queue \"{}\" drains into a sink; with `pull: true` its messages are "
                                            "handed out by leases",
                                            queue))
                      : no_such("queue", queue);
  return nullptr;
}

std::optional<Problem> PullDesk::lease(const LeaseRequest& request, uint64_t token, LeaseListener& listener) {
  std::optional<Problem> problem;
  Line* line = find_line(request.queue, &problem);
  if (line == nullptr) return problem;
  if (stopped_) {
    problem = refusal(503, "stopping", "Forebay is stopping", "ask again when it is back");
    problem->retry_after = Duration::seconds(5);
    return problem;
  }
  // Who does not wait is answered in the next turn all the same: what is there is found by then.
  const Instant until = clock_.now().steady + std::max(request.wait, Duration::milliseconds(1));
  Consumer consumer{++last_number_,
                    token,
                    &listener,
                    core_.time().ms_at(until) + 1,
                    request.max,
                    request.lease.value_or(line->lease),
                    {}};
  line->left += consumer.left;
  const auto at = line->consumers.insert(line->consumers.end(), std::move(consumer));
  waiting_[at->number] = {line, at};
  numbers_[{&listener, token}] = at->number;
  wait_ends_.add(at->until_ms, at->number);
  return std::nullopt;
}

void PullDesk::give_up(uint64_t token, LeaseListener& listener) {
  const auto number = numbers_.find({&listener, token});
  if (number == numbers_.end()) return;
  const auto [line, consumer] = waiting_.find(number->second)->second;
  drop(*line, consumer);
}

void PullDesk::forget(LeaseListener& listener) {
  for (auto& [name, line] : lines_) {
    for (auto consumer = line.consumers.begin(); consumer != line.consumers.end();) {
      const auto at = consumer++;
      if (at->listener == &listener) drop(line, at);
    }
  }
}

std::optional<WallTime> PullDesk::leased_until(Sequence sequence) const {
  const auto lease = leases_.find(sequence);
  if (lease == leases_.end()) return std::nullopt;
  return WallTime::from_ms(lease->second.until_ms);
}

void PullDesk::end_lease(Sequence sequence, Outcome outcome) {
  const auto found = leases_.find(sequence);
  const Lease lease = found->second;
  leases_.erase(found);
  --lease.line->leased;
  dispatcher_.on_outcome(lease.ticket, std::move(outcome));
}

// "ID.ATTEMPT"
std::optional<PullDesk::Named> PullDesk::read_lease_id(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto id = ids_.decode(text.substr(0, dot));
  unsigned attempt = 0;
  const std::string_view digits = text.substr(dot + 1);
  for (const char c : digits) attempt = c >= '0' && c <= '9' && attempt < 1000 ? attempt * 10 + (c - '0') : 1000;
  if (!id || id->sequence >= core_.next_sequence() || digits.empty() || attempt == 0 || attempt > UINT8_MAX) return {};
  return Named{id->sequence, id->queue, static_cast<uint8_t>(attempt)};
}

template <typename Done>
std::optional<Problem> PullDesk::for_each(std::string_view queue, LeaseIds leases, LeaseResults* results,
                                          uint64_t token, PublishListener& listener, Done done) {
  std::optional<Problem> problem;
  const Line* line = find_line(queue, &problem);
  if (line == nullptr) return problem;
  uint64_t count = 0;
  results->clear();
  for (const std::string& text : leases) {
    const auto named = read_lease_id(text);
    if (!named || named->queue != line->queue) {
      results->push_back(LeaseResult::unknown);
      continue;
    }
    const auto lease = leases_.find(named->sequence);
    const bool holds = lease != leases_.end() && lease->second.attempt == named->attempt;
    const bool before = !holds && core_.leased_before(named->sequence, named->attempt);
    results->push_back(holds || before ? LeaseResult::done : LeaseResult::expired);
    if (!holds && !before) continue;
    done(holds ? &lease->second : nullptr, named->sequence);
    ++count;
  }
  if (count > 0) {
    answers_.changed(backlog_.open_batch(), token, listener, count);
  } else {
    answers_.unchanged(token, listener);
  }
  return std::nullopt;
}

std::optional<Problem> PullDesk::ack(std::string_view queue, LeaseIds leases, LeaseResults* results, uint64_t token,
                                     PublishListener& listener) {
  const Now now = clock_.now();
  return for_each(queue, leases, results, token, listener, [&](const Lease* lease, Sequence sequence) {
    if (lease == nullptr) return core_.acknowledged_before(sequence, now);
    Outcome done;
    done.kind = Outcome::Kind::delivered;
    done.answered = true;
    end_lease(sequence, std::move(done));
  });
}

std::optional<Problem> PullDesk::nack(std::string_view queue, LeaseIds leases, Duration delay, LeaseResults* results,
                                      uint64_t token, PublishListener& listener) {
  const Now now = clock_.now();
  return for_each(queue, leases, results, token, listener, [&](const Lease* lease, Sequence sequence) {
    if (lease == nullptr) return core_.given_back_before(sequence, now.steady + delay, now);
    Outcome back;
    back.kind = Outcome::Kind::retry;
    back.answered = true;
    back.retry_after = delay;
    back.reason = "given back";
    end_lease(sequence, std::move(back));
  });
}

std::optional<Problem> PullDesk::extend(std::string_view queue, LeaseIds leases, std::optional<Duration> wanted,
                                        LeaseResults* results, uint64_t token, PublishListener& listener) {
  const Now now = clock_.now();
  std::optional<Problem> problem;
  const Line* line = find_line(queue, &problem);
  if (line == nullptr) return problem;
  const Instant until = now.steady + wanted.value_or(line->lease);
  return for_each(queue, leases, results, token, listener, [&](const Lease* lease, Sequence sequence) {
    if (lease == nullptr) return core_.extended_before(sequence, until);
    leases_[sequence].until_ms = core_.time().ms_at(until) + 1;
    lease_ends_.add(core_.time().ms_at(until) + 1, sequence);
    core_.extended(lease->ticket, until, now);
  });
}

}  // namespace forebay
