// Whose turn it is on a sink: queue, class, flow and its head, in the order that queue.h tells. Nothing is taken here;
// what cannot be sent is put where it waits: a blocked key is parked, a retry beyond the budget put off.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {
namespace {

// Of hours and calendars, which go by the wall clock: a stepped one wakes nobody.
constexpr Duration wall_check = Duration::seconds(1);
constexpr Duration put_off_min = Duration::milliseconds(100), put_off_max = Duration::seconds(5);

void note_gate(SinkLane& lane, Instant until) {
  lane.gate = std::min(lane.gate, until);
}

// Open at `now`? Else the lane is to be looked at when it opens, and each second until then.
bool is_open(const Hours& hours, SinkLane& lane, Now now) {
  if (hours.always() || hours.is_open(now.wall)) return true;
  note_gate(lane, now.steady + std::min(hours.opens(now.wall) - now.wall, wall_check));
  return false;
}

}  // namespace

// A turn is not for looking at heads without end.
bool Core::look() {
  if (looks_left_ == 0) return false;
  --looks_left_;
  return true;
}

void Core::join_rounds(SinkLane& lane, Now) {
  for (const QueueId id : lane.queues) {
    Queue& queue = queue_of(id);
    if (queue.queued || queue.paused || !queue.has_work()) continue;
    queue.queued = true;
    lane.rounds.join(queue_index_[id], queue.turn);
  }
}

// May the queue send at all now?
bool Core::gate(SinkLane& lane, Queue& queue, Now now) {
  if (queue.paused || !is_open(queue.hours, lane, now)) return false;
  if (!queue.limits) return true;
  const Instant agrees = queue.limits->next_any(now);
  if (agrees <= now.steady) return true;
  hold_queue(lane, queue, agrees, 1, 0, now);
  return false;
}

Core::Found Core::pick(SinkLane& lane, Now now, Pick* pick) {
  while (!lane.rounds.empty()) {
    Queue& queue = queues_[lane.rounds.front([&](uint32_t index) { return queues_[index].turn; })];
    if (queue.sink != lane.id() || !queue.configured) {  // a reload took it elsewhere
      lane.rounds.leave();
      continue;
    }
    if (gate(lane, queue, now)) {
      Found found = pick_live(lane, queue, now, pick);
      if (found == Found::nothing) found = pick_replayed(lane, queue, now, pick);
      if (found != Found::nothing) return found;
    }
    queue.queued = false;
    lane.rounds.leave();
  }
  return Found::nothing;
}

bool Core::class_may_send(SinkLane& lane, const ClassLane& klass, Now now) {
  return !klass.paused && klass.reserve_blocked != serves_ && is_open(klass.hours, lane, now);
}

Core::Found Core::pick_live(SinkLane& lane, Queue& queue, Now now, Pick* pick) {
  for (;;) {
    const int chosen = queue.order.choose(queue.classes, [&](size_t k) {
      return !queue.classes[k].rounds.empty() && class_may_send(lane, queue.classes[k], now);
    });
    if (chosen < 0) return Found::nothing;
    const Found found = pick_in_class(lane, queue, queue.classes[static_cast<size_t>(chosen)], now, pick);
    if (found != Found::nothing) return found;
  }
}

Core::Found Core::pick_in_class(SinkLane& lane, Queue& queue, ClassLane& klass, Now now, Pick* pick) {
  while (!klass.rounds.empty()) {
    const uint32_t member = klass.rounds.front(
        [&](uint32_t id) { return id == ClassLane::plain_member ? klass.plain_turn : (*queue.flows)[id].turn; });
    *pick = {&queue, &klass};
    const Found found = member == ClassLane::plain_member ? plain_head(lane, queue, klass, now, pick)
                                                          : flow_head(lane, queue, member, now, pick);
    if (found != Found::nothing) return found;
  }
  return Found::nothing;
}

void Core::drop_stale(RunQueue& line) const {
  while (!line.empty()) {
    const MessageEntry* entry = messages_.find(line.front());
    if (entry != nullptr && entry->state == MessageState::ready) return;
    line.pop();
  }
}

RunQueue* Core::plain_line(ClassLane& klass) const {
  for (RunQueue* line : {&klass.front, &klass.fresh, &klass.returned}) drop_stale(*line);
  if (!klass.front.empty()) return &klass.front;
  if (klass.fresh.empty()) return klass.returned.empty() ? nullptr : &klass.returned;
  if (klass.returned.empty()) return &klass.fresh;
  const int64_t fresh_ms = messages_.find(klass.fresh.front())->since_ms();
  const int64_t returned_ms = messages_.find(klass.returned.front())->since_ms();
  return returned_ms < fresh_ms ? &klass.returned : &klass.fresh;
}

Core::Found Core::plain_head(SinkLane& lane, Queue& queue, ClassLane& klass, Now now, Pick* pick) {
  for (;;) {
    RunQueue* line = plain_line(klass);
    if (line == nullptr) break;
    pick->line = line;
    const Found found = head_of(lane, queue, *line, now, pick);
    if (found != Found::nothing) return found;
  }
  klass.plain_queued = false;
  klass.rounds.leave();
  return Found::nothing;
}

// The head of a line in which messages of several keys may stand. Nothing: it is no longer there.
Core::Found Core::head_of(SinkLane& lane, Queue& queue, RunQueue& line, Now now, Pick* pick) {
  const Sequence head = pick->head = line.front();
  const MessageEntry& entry = *std::as_const(messages_).find(head);
  pick->cost = cost_of(head, entry);
  pick->key = key_of(queue, head, entry);
  const bool past = entry.expires_ms() > 0 && entry.expires_ms() <= time_.ms(now);
  const bool over_budget = entry.attempts > 0 && !lane.allows_retry(queue.ready > queue.ready_retries);
  const WhyBlocked blocked = key_block(queue, lane, pick->key, now);
  if (!past && !over_budget && !blocked) return Found::message;
  if (!look()) return touch(lane), Found::later;
  line.pop();
  if (past || over_budget) {
    lapsed_or_put_off(lane, queue, head, now);
  } else {
    // Now and then besides: a changed config or an operator may let it go sooner.
    const Duration longest = blocked.until.is_never() ? wall_check : wall_check * 10;
    set_aside_.add(time_.ms_at(std::min(blocked.until, now.steady + longest)) + 1, head);
  }
  return Found::nothing;
}

// True: the head is gone from its line, or will be skipped.
bool Core::lapsed_or_put_off(SinkLane& lane, Queue& queue, Sequence head, Now now) {
  MessageEntry& entry = *messages_.find(head);
  if (entry.expires_ms() > 0 && entry.expires_ms() <= time_.ms(now)) {
    expire(queue, head, now);
    return true;
  }
  if (entry.attempts == 0 || lane.allows_retry(queue.ready > queue.ready_retries)) return false;
  // As far ahead as the budget needs for those that were before it.
  const double rate = std::max(lane.limits().rate_per_second() * lane.config().retry_budget, 0.01);
  const auto ns = static_cast<int64_t>(std::min(static_cast<double>(queue.ready_retries) / rate, 60.0) * 1e9);
  const Duration wait = std::clamp(Duration{ns}, put_off_min, put_off_max);
  wait_until(head, entry, MessageState::retrying, time_.ms_at(now.steady + wait) + 1, false);
  return true;
}

Core::Found Core::flow_head(SinkLane& lane, Queue& queue, FlowId id, Now now, Pick* pick) {
  Flow& flow = (*queue.flows)[id];
  ClassLane& klass = queue.classes[flow.klass];
  const auto leave = [&] {
    klass.rounds.leave();
    flow.state = Flow::State::idle;
  };
  for (;;) {
    const MessageEntry* entry = drop_gone(queue, id, flow);
    const Sequence head = entry == nullptr ? 0 : FlowTable::front(flow);
    if (entry == nullptr || entry->state != MessageState::ready) {
      leave();
      if (flow.members == 0) queue.newest.erase(id), queue.flows->forget(id);
      return Found::nothing;
    }
    const bool past = entry->expires_ms() > 0 && entry->expires_ms() <= time_.ms(now);
    if (past || (entry->attempts > 0 && !lane.allows_retry(queue.ready > queue.ready_retries))) {
      if (!look()) return touch(lane), Found::later;
      if (!queue.config.strict_order) queue.flows->pop(flow);
      lapsed_or_put_off(lane, queue, head, now);
      continue;
    }
    pick->flow = id;
    pick->head = head;
    pick->key = flow.key;
    pick->cost = cost_of(head, *entry);
    const WhyBlocked blocked = key_block(queue, lane, pick->key, now);
    if (!blocked) return Found::message;
    if (!look()) return touch(lane), Found::later;
    leave();
    park(queue, id, blocked);
    return Found::nothing;
  }
}

// Dead letters that were sent again, when nothing live can go. By priority, then in order of their replay.
Core::Found Core::pick_replayed(SinkLane& lane, Queue& queue, Now now, Pick* pick) {
  while (queue.ready_replayed > 0) {
    ClassLane* first = nullptr;
    for (ClassLane& klass : queue.classes) {
      drop_stale(klass.replayed);
      if (klass.replayed.empty() || !class_may_send(lane, klass, now)) continue;
      if (first == nullptr || klass.config.priority < first->config.priority) first = &klass;
    }
    if (first == nullptr) return Found::nothing;
    *pick = {&queue, first};
    pick->line = &first->replayed;
    const Found found = head_of(lane, queue, first->replayed, now, pick);
    if (found != Found::nothing) return found;
  }
  return Found::nothing;
}

}  // namespace forebay
