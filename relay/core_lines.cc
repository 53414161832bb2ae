// States of messages and the lines in which the ready ones stand.
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {

ClassLane& Core::class_of(Queue& queue, uint8_t klass) {
  while (queue.classes.size() <= klass) queue.classes.emplace_back(ClassConfig{});
  return queue.classes[klass];
}

void Core::enter_state(Queue& queue, const MessageEntry& entry) {
  ClassLane& klass = class_of(queue, entry.klass);
  ++queue[entry.state];
  ++klass.counts[entry.state];
  if (entry.state != MessageState::ready) return;
  if (entry.attempts > 0) ++queue.ready_retries;
  if (entry.line == Line::replayed) {
    ++queue.ready_replayed;
    ++klass.ready_replayed;
  } else if (entry.flow() == no_flow || entry.flow() == overflow_flow) {
    ++klass.plain_ready;
  } else {
    klass.lengths.grown_to(++(*queue.flows)[entry.flow()].ready);
  }
}

void Core::leave_state(Queue& queue, const MessageEntry& entry) {
  ClassLane& klass = queue.classes[entry.klass];
  assert(queue[entry.state] > 0 && klass.counts[entry.state] > 0);
  --queue[entry.state];
  --klass.counts[entry.state];
  if (entry.state != MessageState::ready) return;
  if (entry.attempts > 0) --queue.ready_retries;
  if (entry.line == Line::replayed) {
    --queue.ready_replayed;
    --klass.ready_replayed;
  } else if (entry.flow() == no_flow || entry.flow() == overflow_flow) {
    --klass.plain_ready;
  } else {
    klass.lengths.shrunk_from((*queue.flows)[entry.flow()].ready--);
  }
}

void Core::change_state(Queue& queue, MessageEntry& entry, MessageState to, int64_t since_ms) {
  leave_state(queue, entry);
  entry.state = to;
  entry.set_since_ms(since_ms);
  enter_state(queue, entry);
}

// A ready message takes its place. In a queue of strict order it has it already: behind what came before it.
void Core::stand(Queue& queue, Sequence sequence, const MessageEntry& entry) {
  ClassLane& klass = queue.classes[entry.klass];
  if (entry.line == Line::replayed) return klass.replayed.push(sequence);
  const FlowId id = entry.flow();
  if (id == no_flow || id == overflow_flow) {
    klass.line(entry.line).push(sequence);
    if (std::exchange(klass.plain_queued, true)) return;
    if (klass.rounds.empty()) queue.order.begins_to_wait(klass);
    return klass.rounds.join(ClassLane::plain_member, klass.plain_turn);
  }
  Flow& flow = (*queue.flows)[id];
  if (!queue.config.strict_order) {
    entry.line == Line::front ? queue.flows->push_front(flow, sequence) : queue.flows->push(flow, sequence);
  }
  poke(queue, id);
}

void Core::make_ready(Sequence sequence, MessageEntry& entry, Line line, int64_t since_ms) {
  Queue& queue = queue_of(entry.queue);
  leave_state(queue, entry);
  entry.state = MessageState::ready;
  entry.line = line;
  entry.due_by_wall = false;
  entry.set_since_ms(since_ms);
  enter_state(queue, entry);
  stand(queue, sequence, entry);
  touch_queue(queue);
}

void Core::wait_until(Sequence sequence, MessageEntry& entry, MessageState state, int64_t due_ms, bool by_wall) {
  change_state(queue_of(entry.queue), entry, state, due_ms);
  entry.due_by_wall = by_wall;
  (by_wall ? due_by_wall_ : due_).add(due_ms, sequence);
}

void Core::schedule(const MessageFacts& facts, Now now) {
  Queue& queue = queue_of(facts.queue);
  MessageEntry entry;
  entry.set_bytes(facts.bytes);
  entry.queue = facts.queue;
  entry.max_attempts = facts.max_attempts;
  entry.klass = facts.klass;
  entry.set_expires_ms(facts.expires_ms);
  const int64_t clock_ms = facts.due_by_wall ? now.wall.ms() : time_.ms(now);
  const bool delayed = facts.due_ms > clock_ms;
  entry.state = facts.held ? MessageState::held : delayed ? MessageState::delayed : MessageState::ready;
  entry.due_by_wall = delayed && facts.due_by_wall;
  const bool waits = delayed || facts.held;
  entry.set_since_ms(waits ? facts.due_ms : facts.accepted_ms);
  ++class_of(queue, facts.klass).counters.accepted;
  join_flow(queue, facts.sequence, entry, facts.key, facts.cost);
  const bool inserted = messages_.insert(facts.sequence, entry);
  assert(inserted);
  (void)inserted;
  enter_state(queue, entry);
  supersede(queue, facts.sequence, entry, now);
  if (waits) {
    (entry.due_by_wall ? due_by_wall_ : due_).add(facts.due_ms, facts.sequence);
  } else {
    stand(queue, facts.sequence, entry);
  }
  if (facts.expires_ms > 0) expiries_.watch(facts.sequence, facts.expires_ms);
}

void Core::finish(Sequence sequence, Settlement how, uint16_t status, Now now) {
  const MessageEntry* found = messages_.find(sequence);
  assert(found != nullptr);
  const MessageEntry entry = *found;
  Queue& queue = queue_of(entry.queue);
  leave_state(queue, entry);
  if (!leased_before_.empty()) leased_before_.erase(sequence);
  const bool was_dead = entry.state == MessageState::dead;
  if (was_dead) {
    queue.dead_bytes -= entry.bytes();
    queue.dead_letters.dig_up({entry.since_ms(), sequence});
  } else {
    queue.bytes -= entry.bytes();
  }
  if (!queue.unburied.empty()) touch_queue(queue);  // there is room now, or this was one of them
  finished_.add(sequence, {how, was_dead, entry.attempts, entry.queue, status}, time_.ms(now));
  if (!was_dead && !queue.config.outcomes.empty()) report(queue, sequence, entry, how, status);
  backlog_.settle(sequence, how);
  messages_.erase(sequence);
  leave_flow(queue, sequence, entry);
}

}  // namespace forebay
