// Messages that consumers fetch. To the scheduler a consumer's wish is a send like any other; what differs is when the
// permits come home, and that a lease outlives the process.
#include "relay/core.h"

namespace forebay {

void Core::want(SinkId sink, uint64_t messages) {
  SinkLane& lane = *lanes_[sink];
  const bool more = messages > lane.wanted;
  lane.wanted = messages;
  if (more) touch(lane);
}

void Core::handed_out(Ticket ticket, Instant until, Now now) {
  Attempt& attempt = attempts_[ticket];
  attempt.handed_out = true;
  const Sequence sequence = attempt.sequence;
  settle_limits(attempt, queue_of(std::as_const(messages_).find(sequence)->queue), SettledAs::ok, now);
  extended(ticket, until, now);
  backlog_.attempt_over(sequence);
  touch(*lanes_[attempt.sink]);
}

void Core::extended(Ticket ticket, Instant until, Now) {
  const Sequence sequence = attempts_[ticket].sequence;
  const MessageEntry& entry = *std::as_const(messages_).find(sequence);
  backlog_.retry(sequence, lease_ms(time_.ms_at(until) + 1), static_cast<uint8_t>(entry.attempts + 1));
}

bool Core::leased_before(Sequence sequence, uint8_t attempt) const {
  const MessageEntry* entry = messages_.find(sequence);
  return entry != nullptr && leased_before_.contains(sequence) && entry->attempts == attempt;
}

void Core::acknowledged_before(Sequence sequence, Now now) {
  leased_before_.erase(sequence);
  const MessageEntry& entry = *std::as_const(messages_).find(sequence);
  Queue& queue = queue_of(entry.queue);
  ++queue.counters.delivered;
  ++queue.classes[entry.klass].counters.delivered;
  finish(sequence, Settlement::delivered, 0, now);
}

// It goes to others then, as one that was tried so often.
void Core::given_back_before(Sequence sequence, Instant due, Now now) {
  leased_before_.erase(sequence);
  MessageEntry& entry = *messages_.find(sequence);
  if (exhausted(queue_of(entry.queue), entry)) {
    bury(sequence, entry, "attempts exhausted: given back", &QueueCounters::dead_attempts, "", now);
    return;
  }
  ++queue_of(entry.queue).counters.retries;
  const int64_t due_ms = no_lease_ms(time_.ms_at(due) + 1);
  backlog_.retry(sequence, due_ms, entry.attempts);
  wait_until(sequence, entry, MessageState::retrying, due_ms, false);
  if (entry.expires_ms() > 0) expiries_.watch(sequence, entry.expires_ms());
}

void Core::extended_before(Sequence sequence, Instant until) {
  MessageEntry& entry = *messages_.find(sequence);
  const int64_t until_ms = lease_ms(time_.ms_at(until) + 1);
  backlog_.retry(sequence, until_ms, entry.attempts);
  wait_until(sequence, entry, entry.state, until_ms, false);
}

void Core::never_left(Ticket ticket, Now now) {
  const Attempt attempt = take_back(ticket, now);
  make_ready(attempt.sequence, *messages_.find(attempt.sequence), Line::front, time_.ms(now));
}

}  // namespace forebay
