// Why a message waits: exactly one reason, the nearest to the way out last. What an operator did comes first, then what
// the sink said, then the clock, then its key, its place in line, and at last the limits and its turn.
#include <algorithm>
#include <utility>

#include "relay/core.h"

namespace forebay {

Explanation Core::explain(Sequence sequence, Now now) const {
  const MessageEntry* entry = messages_.find(sequence);
  Explanation explanation;
  explanation.state = entry->state;
  explanation.queue = entry->queue;
  explanation.attempts = entry->attempts;
  const Queue& queue = queues_[queue_index_[entry->queue]];
  const ClassLane& klass = queue.classes[entry->klass];
  WhyBlocked why;
  if (entry->state == MessageState::retrying && queue.configured && exhausted(queue, *entry)) {
    why = {"paused", lanes_[queue.sink]->reason(now)};
  } else if (entry->state == MessageState::ready) {
    explanation.position = position_of_ready(queue, sequence, *entry);
    const bool keyed = entry->flow() != no_flow && entry->flow() != overflow_flow && entry->line != Line::replayed;
    const uint64_t own = keyed ? standing_in_flow(queue, (*queue.flows)[entry->flow()], sequence) : 0;
    const Instant key_turn = turn_of_key(queue, key_of(queue, sequence, *entry), own, now);
    explanation.estimated = estimate(queue, klass, explanation.position, key_turn, now);
    why = why_ready_waits(queue, sequence, *entry, now);
    if (!why) {
      why = {"turn", {}};
      explanation.until = explanation.estimated;
    }
  } else if (leased_before_.contains(sequence)) {
    explanation.state = MessageState::in_flight;
    explanation.until = WallTime::from_ms(entry->since_ms());
  } else if (entry->state == MessageState::held) {
    why = {"hold", {}};
    explanation.until = WallTime::from_ms(entry->since_ms());
  } else if (entry->state == MessageState::delayed || entry->state == MessageState::retrying) {
    const Instant due = entry->due_by_wall ? now.steady + (WallTime::from_ms(entry->since_ms()) - now.wall)
                                           : time_.instant(entry->since_ms());
    why = {entry->state == MessageState::delayed ? "delay" : "retry", {}};
    explanation.until = WallTime::from_ms(entry->since_ms());
    explanation.position = position_when_due(queue, klass, entry->since_ms());
    explanation.estimated = estimate(queue, klass, explanation.position, due, now);
  }
  if (queue.config.pull) explanation.estimated.reset();  // it is for consumers to say
  explanation.kind = why.kind;
  explanation.name = std::move(why.name);
  if (!why.until.is_never()) explanation.until = time_.wall(why.until);
  return explanation;
}

// Of the sink itself: paused, broken, throttled. What opens at an unknown time has none.
WhyBlocked Core::why_sink_waits(const SinkLane& lane, Now now) const {
  if (lane.paused()) return {"paused", "sink " + lane.config().name};
  const LaneState state = lane.state(now);
  if (state == LaneState::open) return {};
  return {state == LaneState::breaker ? "breaker" : "throttled", lane.reason(now), lane.opens(now)};
}

WhyBlocked Core::why_closed(const Queue& queue, const ClassLane& klass, Now now) const {
  const SinkLane& lane = *lanes_[queue.sink];
  const std::pair<const Hours*, std::string> all[] = {{&lane.hours, "sink " + lane.config().name},
                                                      {&queue.hours, "queue " + queue.config.name},
                                                      {&klass.hours, "class " + klass.config.name}};
  for (const auto& [hours, name] : all) {
    if (hours->always() || hours->is_open(now.wall)) continue;
    const WallTime opens = hours->opens(now.wall);
    if (opens == Reservation::never()) return {"hours", name};
    return {"hours", name, now.steady + (opens - now.wall)};
  }
  return {};
}

// A limit frees a permit sooner; this is when the message's own turn comes. never(): nobody knows.
Instant Core::own_turn(const Queue& queue, const ClassLane& klass, Sequence sequence, const MessageEntry& entry,
                       Now now) const {
  const WallTime mine = estimate(queue, klass, position_of_ready(queue, sequence, entry), now.steady, now);
  return mine == Reservation::never() ? Instant::never() : time_.instant(mine.ms());
}

WhyBlocked Core::why_ready_waits(const Queue& queue, Sequence sequence, const MessageEntry& entry, Now now) const {
  const ClassLane& klass = queue.classes[entry.klass];
  if (!queue.configured || queue.paused) return {"paused", "queue " + queue.config.name};
  if (klass.paused) return {"paused", "class " + klass.config.name};
  const SinkLane& lane = *lanes_[queue.sink];
  if (WhyBlocked why = why_sink_waits(lane, now)) return why;
  if (WhyBlocked why = why_closed(queue, klass, now)) return why;
  const FlowId id = entry.flow();
  const bool keyed = id != no_flow && id != overflow_flow && entry.line != Line::replayed;
  if (queue.config.strict_order && keyed && FlowTable::front((*queue.flows)[id]) != sequence) return {"order", {}};
  const uint32_t cost = cost_of(sequence, entry);
  const uint64_t own = keyed ? standing_in_flow(queue, (*queue.flows)[id], sequence) : 0;
  const KeyHash key = key_of(queue, sequence, entry);
  if (WhyBlocked why = key_block(queue, lane, key, now)) {
    // The key's next message goes then; this one is further back.
    if (keyed && why.until != Instant::never()) why.until = std::max(why.until, turn_of_key(queue, key, own, now));
    return why;
  }
  if (queue.limits) {
    const LimitSet::Blocking by = queue.limits->blocking(now, cost, klass.queue_tag);
    if (!by.name.empty()) return {"limit", by.name, own_turn(queue, klass, sequence, entry, now)};
  }
  const LimitSet::Blocking by = lane.limits().blocking(now, cost, klass.reserve_tag);
  if (by.name.empty()) return {};
  return {"limit", by.name, own_turn(queue, klass, sequence, entry, now)};
}

}  // namespace forebay
