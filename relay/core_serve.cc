// How a lane is served: whose turn it is, and when the lane is to be looked at again.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {

void Core::drop_stale(RunQueue& line) const {
  while (!line.empty()) {
    const MessageEntry* entry = messages_.find(line.front());
    if (entry != nullptr && entry->state == MessageState::ready) return;
    line.pop();
  }
}

RunQueue* Core::head_line(Queue& queue, Now now, Sequence* head) {
  for (;;) {
    for (RunQueue* line : {&queue.front, &queue.fresh, &queue.returned, &queue.replayed}) drop_stale(*line);
    RunQueue* line = nullptr;
    if (!queue.front.empty()) {
      line = &queue.front;
    } else if (!queue.fresh.empty() && !queue.returned.empty()) {
      const int64_t fresh_ms = messages_.find(queue.fresh.front())->since_ms();
      const int64_t returned_ms = messages_.find(queue.returned.front())->since_ms();
      line = returned_ms < fresh_ms ? &queue.returned : &queue.fresh;
    } else if (!queue.fresh.empty()) {
      line = &queue.fresh;
    } else if (!queue.returned.empty()) {
      line = &queue.returned;
    } else if (!queue.replayed.empty()) {
      line = &queue.replayed;
    }
    if (line == nullptr) return nullptr;
    *head = line->front();
    const MessageEntry* entry = messages_.find(*head);
    if (entry->expires_ms() == 0 || entry->expires_ms() > time_.ms(now)) return line;
    if (lapsed_heads_left_ == 0) return touch_queue(queue), nullptr;
    --lapsed_heads_left_;
    ++queue.counters.expired;
    line->pop();
    finish(*head, Settlement::expired, 0, now);
  }
}

bool Core::send_one(SinkLane& lane, Queue& queue, Instant due, Now now, std::vector<Send>* sends) {
  Sequence head = 0;
  RunQueue* line = head_line(queue, now, &head);
  if (line == nullptr) return false;
  line->pop();
  MessageEntry& entry = *messages_.find(head);
  change_state(queue, entry, MessageState::in_flight, entry.since_ms());
  lane.limits().take(now, 1, due);
  Attempt attempt;
  attempt.sequence = head;
  attempt.sink = lane.id();
  attempt.probe = lane.sent();
  attempt.taken = {now.steady, 1};
  const Ticket ticket = ++last_ticket_;
  attempts_.emplace(ticket, attempt);
  ticket_of_.emplace(head, ticket);
  sends->push_back({ticket, head, queue.id, lane.id(), static_cast<uint8_t>(entry.attempts + 1)});
  return true;
}

bool Core::has_ready(const SinkLane& lane) const {
  return std::any_of(lane.queues.begin(), lane.queues.end(), [this](QueueId id) {
    const Queue& queue = queues_[queue_index_[id]];
    return !queue.paused && queue.ready > 0;
  });
}

void Core::serve(SinkLane& lane, Now now, std::vector<Send>* sends) {
  lane.wake = Instant::never();
  bury_waiting(lane, now);
  if (const auto state = lane.state_to_report(now)) {
    lane_changes_.push_back({lane.config().name, *state, *state == LaneState::open ? "" : lane.reason(now)});
  }
  const Instant promised = std::exchange(lane.due, Instant::never());
  const Instant due = promised <= now.steady ? promised : Instant::never();
  size_t idle_queues = 0;
  for (size_t sent = 0; idle_queues < lane.queues.size();) {
    const Instant opens = lane.opens(now), agreed = lane.limits().next(now, 1);
    if (std::max(opens, agreed) > now.steady) return wait(lane, opens, agreed, now);
    if (sent == sends_per_tick_max) return touch(lane);
    Queue& queue = queue_of(lane.queues[lane.turn++ % lane.queues.size()]);
    if (!queue.paused && queue.ready > 0 && send_one(lane, queue, due, now, sends)) {
      idle_queues = 0;
      ++sent;
    } else {
      ++idle_queues;
    }
  }
  lane.blocked_by({}, now);
}

// Only what waits for the limits alone was promised its moment by them: a sink that was closed, or had nothing to
// send, begins anew and catches nothing up.
void Core::wait(SinkLane& lane, Instant opens, Instant agreed, Now now) {
  const bool by_limits = opens <= now.steady && has_ready(lane);
  lane.blocked_by(by_limits ? lane.limits().blocking(now, 1).name : std::string(), now);
  if (by_limits) lane.due = agreed;
  const Instant at = std::max(opens, agreed);
  if (at.is_never()) return;
  lane.wake = at;
  if (lane.asked_for == at) return;  // a closed sink asks for the same time again and again
  lane.asked_for = at;
  wakes_.push_back({at, lane.id()});
  std::push_heap(wakes_.begin(), wakes_.end(), std::greater<>());
}

}  // namespace forebay
