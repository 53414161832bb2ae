// Flows: which messages belong to a key's line, and what a blocked key does to it.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {
namespace {

constexpr const char* key_limit_kind = "key_limit";

}  // namespace

// The new message's place by its key. Above max_flows keys share a place in the rounds, never a limit; where a key's
// messages must be known to one another (strict order, supersede) every key has a flow.
void Core::join_flow(Queue& queue, Sequence sequence, MessageEntry& entry, KeyHash key, uint32_t cost) {
  ClassLane& klass = class_of(queue, entry.klass);
  entry.dear = cost > 1;
  if (cost > 1) {
    costs_.emplace(sequence, cost);
    queue.extra_cost += cost - 1;
  }
  if (key == 0) return;
  if (!queue.flows) queue.flows = std::make_unique<FlowTable>();
  FlowTable& flows = *queue.flows;
  FlowId id = flows.find(entry.klass, key);
  if (id == no_flow) {
    const bool needed = queue.config.strict_order || queue.supersedes(klass);
    if (flows.size() >= (needed ? FlowTable::flows_max : std::min(queue.config.max_flows, FlowTable::flows_max))) {
      overflow_keys_.emplace(sequence, key);
      return entry.set_flow(overflow_flow);
    }
    id = flows.add(entry.klass, key);
    const auto weight = queue.weights.find(key);
    if (weight != queue.weights.end()) flows[id].weight = weight->second;
  }
  ++flows[id].members;
  if (queue.config.strict_order && entry.line != Line::replayed && entry.state != MessageState::dead) {
    flows.push(flows[id], sequence);
  }
  entry.set_flow(id);
}

void Core::leave_flow(Queue& queue, Sequence sequence, const MessageEntry& entry) {
  if (entry.dear) {
    const auto cost = costs_.find(sequence);
    queue.extra_cost -= cost->second - 1;
    costs_.erase(cost);
  }
  const FlowId id = entry.flow();
  if (id == no_flow) return;
  if (id == overflow_flow) {
    overflow_keys_.erase(sequence);
    return;
  }
  Flow& flow = (*queue.flows)[id];
  assert(flow.members > 0);
  if (--flow.members > 0) {
    if (queue.config.strict_order) poke(queue, id);
    return;
  }
  if (flow.state == Flow::State::parked) unpark(queue, id);
  if (flow.state == Flow::State::queued) return;  // it goes when its turn comes
  queue.newest.erase(id);
  queue.flows->forget(id);
}

KeyHash Core::key_of(const Queue& queue, Sequence sequence, const MessageEntry& entry) const {
  if (entry.flow() == no_flow) return 0;
  if (entry.flow() == overflow_flow) return overflow_keys_.find(sequence)->second;
  return (*queue.flows)[entry.flow()].key;
}

uint32_t Core::cost_of(Sequence sequence, const MessageEntry& entry) const {
  return entry.dear ? costs_.find(sequence)->second : 1;
}

// Not so: it is finished, dead, replayed, or (fifo) has left the line and may stand in it again further back.
bool Core::stands_in_flow(const Queue& queue, FlowId id, Sequence, const MessageEntry* entry) const {
  if (entry == nullptr || entry->flow() != id || entry->state == MessageState::dead) return false;
  if (entry->state == MessageState::ready) return entry->line != Line::replayed;
  return queue.config.strict_order;
}

// The entry of the flow's head, once what is gone before it is dropped; nullptr: its line is empty.
const MessageEntry* Core::drop_gone(Queue& queue, FlowId id, Flow& flow) const {
  while (!FlowTable::line_empty(flow)) {
    const Sequence head = FlowTable::front(flow);
    const MessageEntry* entry = messages_.find(head);
    if (stands_in_flow(queue, id, head, entry)) return entry;
    queue.flows->pop(flow);
  }
  return nullptr;
}

// An idle flow joins the rounds if its head may be sent.
void Core::poke(Queue& queue, FlowId id) {
  Flow& flow = (*queue.flows)[id];
  if (flow.state != Flow::State::idle) return;
  const MessageEntry* head = drop_gone(queue, id, flow);
  if (head == nullptr || head->state != MessageState::ready) return;
  ClassLane& klass = queue.classes[flow.klass];
  if (klass.rounds.empty()) queue.order.begins_to_wait(klass);
  flow.state = Flow::State::queued;
  klass.rounds.join(id, flow.turn);
  touch_queue(queue);
}

// Its key is blocked until then; never(): until a settle of the key, or an operator, wakes it.
void Core::park(Queue& queue, FlowId id, const WhyBlocked& by) {
  Flow& flow = (*queue.flows)[id];
  assert(flow.state != Flow::State::parked);
  flow.state = Flow::State::parked;
  ++queue.parked_flows;
  flow.limited = by.kind == key_limit_kind;
  if (flow.limited) {
    ++queue.limited_flows;
    queue.parked_by = by.name;
  }
  if (by.until.is_never()) {
    ++queue.stuck_flows;
    flow.stuck = true;
    return;
  }
  const auto place = static_cast<uint64_t>(&queue - queues_.data());
  parked_.add(time_.ms_at(by.until) + 1, place << 24 | id);
}

void Core::unpark(Queue& queue, FlowId id) {
  Flow& flow = (*queue.flows)[id];
  flow.state = Flow::State::idle;
  --queue.parked_flows;
  if (std::exchange(flow.stuck, false)) --queue.stuck_flows;
  if (std::exchange(flow.limited, false)) --queue.limited_flows;
}

// Something changed for that key: its flows are looked at again.
void Core::wake_key(Queue& queue, KeyHash key) {
  if (!queue.flows || queue.parked_flows == 0) return;
  for (size_t k = 0; k < queue.classes.size(); ++k) {
    const FlowId id = queue.flows->find(static_cast<uint8_t>(k), key);
    if (id == no_flow || (*queue.flows)[id].state != Flow::State::parked) continue;
    unpark(queue, id);
    poke(queue, id);
  }
}

void Core::wake_key_on_sink(SinkLane& lane, KeyHash key) {
  for (const QueueId id : lane.queues) {
    if (queue_of(id).stuck_flows > 0) wake_key(queue_of(id), key);
  }
}

void Core::fire_parked(Now now) {
  parked_.advance(time_.ms(now), [&](uint64_t item) {
    Queue& queue = queues_[item >> 24];
    const FlowId id = item & overflow_flow;
    // Long gone, or parked anew since: then it is looked at once too often.
    if ((*queue.flows)[id].state != Flow::State::parked || (*queue.flows)[id].stuck) return;
    unpark(queue, id);
    poke(queue, id);
  });
  set_aside_.advance(time_.ms(now), [&](Sequence sequence) {
    const MessageEntry* entry = std::as_const(messages_).find(sequence);
    if (entry == nullptr || entry->state != MessageState::ready) return;
    stand(queue_of(entry->queue), sequence, *entry);
    touch_queue(queue_of(entry->queue));
  });
}

// All that go by the key: an operator, a throttled reply of `scope: key`, and its limits, which count messages whatever
// these cost: "one text a minute to a number" holds for long texts too.
WhyBlocked Core::key_block(const Queue& queue, const SinkLane& lane, KeyHash key, Now now) const {
  if (key == 0) return {};
  if (!queue.paused_keys.empty() && queue.paused_keys.contains(key)) return {"paused", "key", Instant::never()};
  if (!lane.throttled_keys.empty()) {
    const auto throttled = lane.throttled_keys.find(key);
    if (throttled != lane.throttled_keys.end() && throttled->second > now.steady) {
      return {"throttled", "key", throttled->second};
    }
  }
  WhyBlocked why;
  for (const KeyLimits* limits : {queue.key_limits.get(), lane.key_limits.get()}) {
    if (limits == nullptr) continue;
    const Instant agrees = limits->next(key, now, 1);
    if (agrees <= now.steady || (why && agrees <= why.until)) continue;
    why = {key_limit_kind, {}, agrees};
    why.name = limits->blocking(key, now, 1);
  }
  return why;
}

// ---- a newer message replaces older ones ----

void Core::supersede(Queue& queue, Sequence sequence, const MessageEntry& entry, Now now) {
  if (entry.flow() == no_flow || entry.flow() == overflow_flow || !queue.supersedes(queue.classes[entry.klass])) return;
  const Sequence older = std::exchange(queue.newest[entry.flow()], sequence);
  const MessageEntry* waits = older == 0 ? nullptr : std::as_const(messages_).find(older);
  if (waits == nullptr || waits->state == MessageState::in_flight || waits->state == MessageState::dead) return;
  replace(queue, older, now);
}

void Core::replace(Queue& queue, Sequence older, Now now) {
  ++queue.counters.superseded;
  ++queue.classes[std::as_const(messages_).find(older)->klass].counters.superseded;
  finish(older, Settlement::superseded, 0, now);
}

// Asked of one that comes back from the sink: a newer one may have come meanwhile.
bool Core::is_superseded(const Queue& queue, Sequence sequence, const MessageEntry& entry) const {
  const auto newest = queue.newest.find(entry.flow());
  return entry.flow() != no_flow && newest != queue.newest.end() && newest->second > sequence;
}

}  // namespace forebay
