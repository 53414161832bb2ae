// How attempts end: the one place where again, slower and never are decided; and how messages end otherwise.
#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

#include "relay/core.h"
#include "relay/pause_notes.h"
#include "relay/retry.h"

namespace forebay {
namespace {

constexpr Duration pause_after_misread = Duration::seconds(1);

SettledAs as_settled(const Outcome& outcome) {
  if (!outcome.sent) return SettledAs::not_sent;
  if (!outcome.answered) return SettledAs::unanswered;
  // What was refused for its key says nothing of the sink's limits.
  return outcome.kind == Outcome::Kind::throttled && !outcome.throttle_key ? SettledAs::refused : SettledAs::ok;
}

// How long a throttle without Retry-After closes the sink where its limits do not say: the shortest window (design
// section 4), or a second.
Duration shortest_window(const SinkConfig& sink) {
  Duration shortest = Duration::max();
  for (const LimitConfig& limit : sink.limits) shortest = std::min(shortest, limit.per);
  return shortest == Duration::max() ? Duration::seconds(1) : shortest;
}

// As long as a Retry-After is believed (sinks/http/retry_after.h); a wall clock that was set back could make it longer.
constexpr Duration longest_throttle = Duration::days(1);

// "Too many, come back in 0 s" names no time: taken at its word it would be a request after the other, none of them
// an attempt.
Duration closed_for(const Outcome& outcome, const SinkLane& lane, Now now) {
  const bool named = outcome.retry_after && outcome.retry_after->ns > 0;
  if (named) return *outcome.retry_after;
  const auto by_limits = lane.limits().back_off(now);
  return by_limits ? *by_limits : shortest_window(lane.config());
}

}  // namespace

uint32_t Core::max_attempts(const Queue& queue, const MessageEntry& entry) const {
  return entry.max_attempts > 0 ? entry.max_attempts : queue.config.retry.max_attempts;
}

void Core::settle_limits(const Attempt& attempt, Queue& queue, SettledAs how, Now now) {
  SinkLane& lane = *lanes_[attempt.sink];
  lane.limits().settle(attempt.taken, now, how);
  if (attempt.took_queue) {
    queue.limits->settle({attempt.taken.at, attempt.taken.cost, attempt.queue_tag}, now, how);
  }
  const Taken one{attempt.taken.at, 1};  // key limits count messages
  if (attempt.took_queue_key) queue.key_limits->settle(attempt.key, one, now, how);
  if (attempt.took_sink_key) lane.key_limits->settle(attempt.key, one, now, how);
  if (attempt.key == 0) return;
  note_key_spend(attempt, queue, how, now);
  if (queue.stuck_flows > 0) wake_key(queue, attempt.key);
  if (lane.key_limits) wake_key_on_sink(lane, attempt.key);
}

// By `scope: key` the reply closes the key alone.
void Core::throttle(SinkLane& lane, const Attempt& attempt, const Outcome& outcome, Now now) {
  const Duration how_long = closed_for(outcome, lane, now);
  if (outcome.throttle_key && attempt.key != 0) {
    Instant& until = lane.throttled_keys[attempt.key];
    until = std::max(until, now.steady + how_long);
    return;
  }
  lane.throttle(now, how_long, outcome.reason);
  note_throttle(lane, outcome, now);
}

void Core::settled(Ticket ticket, const Outcome& outcome, Now now) {
  const Attempt attempt = attempts_.take(ticket);
  SinkLane& lane = *lanes_[attempt.sink];
  lane.answered_by(outcome.peer, now);
  const Sequence sequence = attempt.sequence;
  MessageEntry& entry = *messages_.find(sequence);
  Queue& queue = queue_of(entry.queue);
  if (!attempt.handed_out) {
    settle_limits(attempt, queue, as_settled(outcome), now);
    backlog_.attempt_over(sequence);
  }
  bool died = false;
  switch (outcome.kind) {
    case Outcome::Kind::delivered:
      ++entry.attempts;
      ++queue.counters.delivered;
      ++queue.classes[entry.klass].counters.delivered;
      finish(sequence, Settlement::delivered, static_cast<uint16_t>(outcome.status), now);
      break;
    case Outcome::Kind::throttled:
      throttle(lane, attempt, outcome, now);
      hand_back(sequence, entry, outcome, lane, now);
      break;
    case Outcome::Kind::sink_fault:
      hand_back(sequence, entry, outcome, lane, now);
      break;
    case Outcome::Kind::retry:
    case Outcome::Kind::unanswered:
      again_later(sequence, entry, attempt, outcome, now);
      break;
    case Outcome::Kind::dead:
      ++entry.attempts;
      died = bury(sequence, entry, outcome.reason, &QueueCounters::dead_refused, outcome.excerpt, now);
      break;
  }
  lane.ended(outcome, attempt.probe, died, now, attempt.taken.at);
  if (outcome.pause_sink) pause_by_answer(lane, outcome);
  touch(lane);
}

// What a restart could take may be kept from it: a sink that says when it stands messages again is believed by the next
// process as well. Not for what is over by then, nor for each answer of a sink that was in flight with others.
void Core::note_throttle(SinkLane& lane, const Outcome& outcome, Now now) {
  constexpr Duration worth_noting = Duration::seconds(2);
  if (!outcome.retry_after || *outcome.retry_after < worth_noting) return;
  const int64_t until_ms = time_.ms_at(now.steady + *outcome.retry_after);
  if (until_ms < lane.noted_throttle_ms + 1000) return;
  lane.noted_throttle_ms = until_ms;
  backlog_.note(sink_throttle_note(lane.config().name), std::to_string(until_ms) + " " + outcome.reason);
}

void Core::restore_throttle(SinkLane& lane, std::string_view noted, Now now) {
  int64_t until_ms = 0;
  const auto [end, error] = std::from_chars(noted.data(), noted.data() + noted.size(), until_ms);
  if (error != std::errc() || end == noted.data() + noted.size() || *end != ' ') return;
  const Duration left = std::min(Duration::milliseconds(until_ms - time_.ms(now)), longest_throttle);
  if (left <= Duration{}) return;
  lane.noted_throttle_ms = until_ms;
  lane.throttle(now, left, std::string(end + 1, noted.data() + noted.size()));
}

// Until an operator resumes it, restarts included.
void Core::pause_by_answer(SinkLane& lane, const Outcome& outcome) {
  if (lane.paused_until_resumed()) return;
  const std::string why = "the sink answered " + outcome.reason + ", which pauses it (pause_on)";
  lane.pause(why);
  backlog_.note(sink_pause_note(lane.config().name), why);
}

Attempt Core::take_back(Ticket ticket, Now now) {
  const Attempt attempt = attempts_.take(ticket);
  SinkLane& lane = *lanes_[attempt.sink];
  settle_limits(attempt, queue_of(std::as_const(messages_).find(attempt.sequence)->queue), SettledAs::not_sent, now);
  backlog_.attempt_over(attempt.sequence);
  lane.withdrawn(attempt.probe);
  touch(lane);
  return attempt;
}

void Core::damaged(Ticket ticket, const std::string& why, Now now) {
  const Sequence sequence = take_back(ticket, now).sequence;
  bury(sequence, *messages_.find(sequence), why, &QueueCounters::dead_damaged, "", now);
}

void Core::unread(Ticket ticket, const std::string& why, Now now) {
  const Attempt attempt = take_back(ticket, now);
  MessageEntry& entry = *messages_.find(attempt.sequence);
  if (time_.ms(now) - entry.since_ms() > lanes_[attempt.sink]->config().max_age.ms()) {
    bury(attempt.sequence, entry, "too old: waited longer than max_age, " + why, &QueueCounters::dead_too_old, "", now);
    return;
  }
  wait_until(attempt.sequence, entry, MessageState::retrying, time_.ms_at(now.steady + pause_after_misread) + 1, false);
  if (entry.expires_ms() > 0) expiries_.watch(attempt.sequence, entry.expires_ms());
}

void Core::again_later(Sequence sequence, MessageEntry& entry, const Attempt&, const Outcome& outcome, Now now) {
  Queue& queue = queue_of(entry.queue);
  ++entry.attempts;
  if (is_superseded(queue, sequence, entry)) return replace(queue, sequence, now);
  if (exhausted(queue, entry)) {
    bury(sequence, entry, "attempts exhausted: " + outcome.reason, &QueueCounters::dead_attempts, outcome.excerpt, now);
    return;
  }
  ++queue.counters.retries;
  // A consumer that gives a message back, or has let its time pass, leaves it to others at once.
  Duration wait = queue.config.pull ? Duration{} : backoff(queue.config.retry, entry.attempts, random_);
  if (outcome.retry_after) wait = std::max(wait, *outcome.retry_after);
  int64_t due_ms = time_.ms_at(now.steady + wait) + 1;
  if (queue.config.pull) due_ms = no_lease_ms(due_ms);
  backlog_.retry(sequence, due_ms, entry.attempts);
  wait_until(sequence, entry, MessageState::retrying, due_ms, false);
  if (entry.expires_ms() > 0) expiries_.watch(sequence, entry.expires_ms());  // it may have lapsed while under way
}

// No attempt was spent: first in line again, once the sink opens.
void Core::hand_back(Sequence sequence, MessageEntry& entry, const Outcome& outcome, SinkLane& lane, Now now) {
  if (time_.ms(now) - entry.since_ms() > lane.config().max_age.ms()) {
    bury(sequence, entry, "too old: waited longer than max_age on " + outcome.reason, &QueueCounters::dead_too_old,
         outcome.excerpt, now);
    return;
  }
  if (Queue& queue = queue_of(entry.queue); is_superseded(queue, sequence, entry)) return replace(queue, sequence, now);
  make_ready(sequence, entry, Line::front, entry.since_ms());
  if (entry.expires_ms() > 0) expiries_.watch(sequence, entry.expires_ms());
}

// ---- admissions that came to nothing ----

void Core::failed(std::span<const MessageFacts> messages) {
  for (const MessageFacts& facts : messages) {
    Queue& queue = queue_of(facts.queue);
    assert(queue.reserved > 0 && queue.bytes >= facts.bytes);
    --queue.reserved;
    queue.bytes -= facts.bytes;
  }
}

void Core::withdrawn(std::span<const MessageFacts> messages) {
  failed(messages);
  next_sequence_ -= messages.size();
  assert(messages.empty() || messages.front().sequence == next_sequence_);
}

// ---- operators ----

bool Core::cancel(Sequence sequence, Now now) {
  const MessageEntry* entry = messages_.find(sequence);
  assert(entry != nullptr);
  if (entry->state == MessageState::in_flight) return false;
  ++queue_of(entry->queue).counters.cancelled;
  finish(sequence, Settlement::cancelled, 0, now);
  return true;
}

void Core::pause_queue(QueueId id, bool paused) {
  Queue& queue = queue_of(id);
  queue.paused = paused;
  touch_queue(queue);
}

void Core::pause_class(QueueId id, uint8_t klass, bool paused) {
  Queue& queue = queue_of(id);
  class_of(queue, klass).paused = paused;
  touch_queue(queue);
}

void Core::pause_key(QueueId id, KeyHash key, bool paused) {
  Queue& queue = queue_of(id);
  if (paused) {
    queue.paused_keys.insert(key);
    return;
  }
  queue.paused_keys.erase(key);
  wake_key(queue, key);
  touch_queue(queue);
}

void Core::pause_sink(SinkId sink, bool paused, std::string why) {
  if (paused) {
    lanes_[sink]->pause(std::move(why));
  } else {
    lanes_[sink]->resume();
  }
  touch(*lanes_[sink]);
}

uint64_t Core::purge(QueueId id, Sweep* sweep, uint64_t most, Now now) {
  std::vector<Sequence> doomed;
  const uint64_t looks_end = sweep->looked_at + purge_looks_per_message * most;
  while (!sweep->over() && doomed.size() < most && sweep->looked_at < looks_end) {
    const Sequence at = messages_.next(sweep->at);
    sweep->at = at == 0 ? sweep->end : at + 1;
    if (at == 0 || at >= sweep->end) break;
    ++sweep->looked_at;
    const MessageEntry* entry = messages_.find(at);
    const bool waits = entry->state != MessageState::in_flight && entry->state != MessageState::dead;
    if (entry->queue == id && waits) doomed.push_back(at);
  }
  for (const Sequence sequence : doomed) {
    ++queue_of(id).counters.purged;
    finish(sequence, Settlement::purged, 0, now);
  }
  return doomed.size();
}

}  // namespace forebay
