// How a lane is served: what is picked is sent as long as all limits agree, and when the lane is to be looked at again.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/core.h"
#include "relay/limit_label.h"

namespace forebay {
namespace {
constexpr Duration wall_check = Duration::seconds(1);  // of what the wall clock decides
}  // namespace

// All agreed: the permits are taken, and the message leaves its line.
void Core::send_off(SinkLane& lane, const Pick& pick, Instant due, Now now, std::vector<Send>* sends) {
  Queue& queue = *pick.queue;
  ClassLane& klass = *pick.klass;
  MessageEntry& entry = *messages_.find(pick.head);
  const uint8_t tag = klass.reserve_tag;
  const bool replayed = entry.line == Line::replayed;
  if (pick.line != nullptr) pick.line->pop();
  if (pick.flow != no_flow && !queue.config.strict_order) queue.flows->pop((*queue.flows)[pick.flow]);
  change_state(queue, entry, MessageState::in_flight, entry.since_ms());
  Attempt attempt{pick.head, lane.id()};
  attempt.key = pick.key;
  attempt.taken = {now.steady, pick.cost, tag};
  lane.limits().take(now, pick.cost, due, tag);
  if (queue.limits) {
    const Instant promised = std::exchange(queue.due, Instant::never());
    queue.limits->take(now, pick.cost, promised <= now.steady ? promised : Instant::never(), klass.queue_tag);
    attempt.took_queue = true;
    attempt.queue_tag = klass.queue_tag;
  }
  if (pick.key != 0 && queue.key_limits) queue.key_limits->take(pick.key, now, 1), attempt.took_queue_key = true;
  if (pick.key != 0 && lane.key_limits) lane.key_limits->take(pick.key, now, 1), attempt.took_sink_key = true;
  lane.retry_sent(entry.attempts > 0);
  attempt.probe = lane.sent();
  if (lane.pulled()) --lane.wanted;
  const Ticket ticket = attempts_.add(attempt);
  sends->push_back({ticket, pick.head, queue.id, lane.id(), static_cast<uint8_t>(entry.attempts + 1)});
  lane.rounds.served(queue.turn, Rounds::price(pick.cost, queue.config.share), true);
  if (replayed) return;
  queue.order.sent(klass);
  if (pick.flow == no_flow) {
    const bool more = !klass.front.empty() || !klass.fresh.empty() || !klass.returned.empty();
    klass.plain_queued = more;
    return klass.rounds.served(klass.plain_turn, Rounds::price(pick.cost, 1), more);
  }
  Flow& flow = (*queue.flows)[pick.flow];
  const bool more = !queue.config.strict_order && !FlowTable::line_empty(flow);
  if (!more) flow.state = Flow::State::idle;
  klass.rounds.served(flow.turn, Rounds::price(pick.cost, flow.weight), more);
}

void Core::serve(SinkLane& lane, Now now, std::vector<Send>* sends) {
  lane.wake = Instant::never();
  lane.gate = Instant::never();
  lane.held = {};
  ++serves_;
  bury_waiting(lane, now);
  if (const auto state = lane.state_to_report(now)) {
    lane_changes_.push_back({lane.config().name, *state, *state == LaneState::open ? "" : lane.reason(now)});
  }
  const Instant promised = std::exchange(lane.due, Instant::never());
  const Instant due = promised <= now.steady ? promised : Instant::never();
  join_rounds(lane, now);
  for (size_t sent = 0;;) {
    const Instant opens = lane.opens(now);
    if (opens > now.steady) return wait(lane, opens, now.steady, {}, now);
    if (!lane.hours.always() && !lane.hours.is_open(now.wall)) {
      lane.gate = now.steady + std::min(lane.hours.opens(now.wall) - now.wall, wall_check);
      return idle(lane, now);
    }
    if (sent == sends_per_tick_max) return touch(lane);
    if (lane.pulled() && lane.wanted == 0) return idle(lane, now);
    Pick next;
    const Found found = pick(lane, now, &next);
    if (found == Found::later) return;
    if (found == Found::nothing) return idle(lane, now);
    const Instant agreed = lane.limits().next(now, next.cost, next.klass->reserve_tag);
    if (agreed > now.steady) {
      if (!lane.limits().blocking(now, next.cost, next.klass->reserve_tag).by_reserve) {
        return wait(lane, opens, agreed, next, now);
      }
      // Another class may go on: what is left of the calendar's day is kept for it.
      next.klass->reserve_blocked = serves_;
      lane.hold(agreed, lane.limits().blocking(now, next.cost, next.klass->reserve_tag).name);
      continue;
    }
    if (next.queue->limits) {
      const Instant queue_agrees = next.queue->limits->next(now, next.cost, next.klass->queue_tag);
      if (queue_agrees > now.steady) {
        hold_queue(lane, *next.queue, queue_agrees, next.cost, next.klass->queue_tag, now);
        if (next.queue->limits->blocking(now, next.cost, next.klass->queue_tag).by_reserve) {  // kept for another class
          next.klass->reserve_blocked = serves_;
          continue;
        }
        next.queue->queued = false;
        lane.rounds.leave();
        continue;
      }
    }
    send_off(lane, next, due, now, sends);
    ++sent;
  }
}

void Core::wake_at(SinkLane& lane, Instant at) {
  if (at.is_never()) return;
  lane.wake = at;
  if (lane.asked_for == at) return;  // a closed sink asks for the same time again and again
  lane.asked_for = at;
  wakes_.push_back({at, lane.id()});
  std::push_heap(wakes_.begin(), wakes_.end(), std::greater<>());
}

// Only what waits for the limits alone was promised its moment by them: a sink that was closed, or had nothing to
// send, begins anew and catches nothing up.
void Core::wait(SinkLane& lane, Instant opens, Instant agreed, const Pick& pick, Now now) {
  const bool by_limits = pick.queue != nullptr;
  std::string by;
  if (by_limits) {
    by = lane.limits().blocking(now, pick.cost, pick.klass->reserve_tag).name;
    lane.due = agreed;
  }
  lane.blocked_by(by, now);
  Instant at = std::max(opens, agreed);
  // A calendar's day ends by the wall clock, which may be stepped.
  if (by_limits && !agreed.is_never() && agreed > now.steady + wall_check) at = std::min(at, now.steady + wall_check);
  wake_at(lane, std::min(at, lane.gate));
}

// Its own limits hold the queue back; others of the sink may go on.
// Only a settle may free it, or the day by the wall clock end: it is looked at each second besides.
void Core::hold_queue(SinkLane& lane, Queue& queue, Instant until, uint32_t cost, uint8_t tag, Now now) {
  queue.due = until;
  lane.hold(std::min(until, now.steady + wall_check),
            queue_limit_label(queue.config.name, queue.limits->blocking(now, cost, tag).name));
}

// Nothing may be sent, but by the time `gate` something may.
void Core::idle(SinkLane& lane, Now now) {
  lane.nothing_could_be_sent();
  lane.blocked_by(idle_by(lane), now);
  wake_at(lane, lane.gate);
}

// The limit that a sink with nothing to send waits for: of a queue, of a class's reserve, or, where nothing else holds
// anything back, of keys. Of these the window that blocked a key last stands for all. Empty: it waits for no limit.
std::string Core::idle_by(const SinkLane& lane) const {
  if (!lane.held.limit.empty()) return lane.held.limit;
  if (!lane.gate.is_never()) return {};
  for (const QueueId id : lane.queues) {
    const Queue& queue = *this->queue(id);
    if (queue.limited_flows == 0 || queue.paused) continue;
    const auto& own = queue.config.key_limits;
    const bool is_own = std::any_of(own.begin(), own.end(), [&](const auto& l) { return l.name == queue.parked_by; });
    return is_own ? queue_limit_label(queue.config.name, queue.parked_by) : queue.parked_by;
  }
  return {};
}

}  // namespace forebay
