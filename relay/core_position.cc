// Where a message stands: how many of its queue are handed out before it if nothing changed. Counted over runs of
// neighbours and bitmaps of those alive; beyond `runs_looked_at` runs of a line the gone are counted as well, so that
// asking costs a millisecond at most whatever waits.
#include <algorithm>
#include <utility>

#include "relay/core.h"

namespace forebay {
namespace {

constexpr size_t runs_looked_at = 16'384;

}  // namespace

// Of its own class `own` go before it; what other classes put before it depends on that: all of those with a lower
// priority number, as many as `own` of equals, and their floors of the rest.
uint64_t Core::behind_classes(const Queue& queue, const ClassLane& klass, uint64_t own) const {
  if (queue.classes.size() == 1) return own;
  uint64_t before = own;
  double floors = 0;
  for (const ClassLane& other : queue.classes) {
    if (&other == &klass) continue;
    const uint64_t live = other.counts.ready - other.ready_replayed;
    if (other.config.priority < klass.config.priority) before += live;
    if (other.config.priority == klass.config.priority) before += std::min(live, own + 1);
    if (other.config.priority > klass.config.priority && live > 0) floors += other.config.floor;
  }
  // What others have before it, it need not wait for beyond its own floor.
  if (klass.config.floor > 0) {
    before = std::min(before, static_cast<uint64_t>(static_cast<double>(own + 1) / klass.config.floor));
  }
  return before + static_cast<uint64_t>(static_cast<double>(before) * floors / (1 - floors));
}

// With `own` before it in its line: each other line of the class has as many turns before it, or as it has messages.
uint64_t Core::before_in_rounds(const ClassLane& klass, uint64_t own, bool plain) const {
  const uint64_t flows = klass.lengths.sum_up_to(own + 1);
  return plain ? own + flows : flows + std::min(klass.plain_ready, own + 1);
}

// Messages that stand in the flow of that key already.
uint64_t Core::ahead_in_flow(const Queue& queue, const MessageFacts& facts) const {
  if (facts.key == 0 || !queue.flows) return 0;
  const FlowId id = queue.flows->find(facts.klass, facts.key);
  return id == no_flow ? 0 : (*queue.flows)[id].ready;
}

// Before it stands what is ready, but for replayed letters, which give way; before a delayed one also what is due
// earlier.
uint64_t Core::position_of_new(const Queue& queue, const MessageFacts& facts) const {
  const ClassLane& klass = queue.classes[facts.klass];
  if (facts.due_ms > 0) return position_when_due(queue, klass, facts.due_ms);
  if (facts.key == 0) return behind_classes(queue, klass, before_in_rounds(klass, klass.plain_ready, true));
  return behind_classes(queue, klass, before_in_rounds(klass, ahead_in_flow(queue, facts), false));
}

// What waits for its time is told apart by its due time only, over all queues: an upper estimate where there are
// several.
uint64_t Core::position_when_due(const Queue& queue, const ClassLane& klass, int64_t due_ms) const {
  const uint64_t earlier = due_.count_before(due_ms) + due_by_wall_.count_before(due_ms);
  return behind_classes(queue, klass, klass.counts.ready - klass.ready_replayed) +
         std::min(earlier, queue.delayed + queue.retrying);
}

// The order of service is that of queue.h.
uint64_t Core::position_of_ready(const Queue& queue, Sequence sequence, const MessageEntry& entry) const {
  const ClassLane& klass = queue.classes[entry.klass];
  if (entry.line == Line::replayed) {
    return queue.ready - queue.ready_replayed + standing_before(klass.replayed, sequence);
  }
  if (entry.flow() == no_flow || entry.flow() == overflow_flow) {
    return behind_classes(queue, klass, before_in_rounds(klass, standing_in_plain(klass, sequence, entry), true));
  }
  const uint64_t own = standing_in_flow(queue, (*queue.flows)[entry.flow()], sequence);
  return behind_classes(queue, klass, std::max<uint64_t>(before_in_rounds(klass, own, false), 1) - 1);
}

uint64_t Core::standing_in_plain(const ClassLane& klass, Sequence sequence, const MessageEntry& entry) const {
  if (entry.line == Line::front) return standing_before(klass.front, sequence);
  const uint64_t front = standing_before(klass.front, 0);
  if (entry.line == Line::fresh) {
    return front + standing_before(klass.fresh, sequence) + standing_since(klass.returned, entry.since_ms());
  }
  return front + standing_before(klass.returned, sequence) + standing_since(klass.fresh, entry.since_ms() + 1);
}

uint64_t Core::standing_in_flow(const Queue& queue, const Flow& flow, Sequence sequence) const {
  uint64_t before = 0, looked_at = 0;
  queue.flows->scan(flow, [&](Sequence other) {
    if (other == sequence || ++looked_at > runs_looked_at) return false;
    const MessageEntry* entry = messages_.find(other);
    before += entry != nullptr && entry->state == MessageState::ready && entry->line != Line::replayed;
    return true;
  });
  return looked_at > runs_looked_at ? flow.ready - 1 : before;
}

// Those alive before that one; all, if it is not there.
uint64_t Core::standing_before(const RunQueue& line, Sequence sequence) const {
  uint64_t before = 0;
  size_t looked_at = 0;
  line.scan_runs([&](Sequence first, uint64_t count) {
    const bool here = first <= sequence && sequence < first + count;
    const uint64_t stretch = here ? sequence - first : count;
    before += ++looked_at <= runs_looked_at ? messages_.alive(first, stretch) : stretch;
    return !here;
  });
  return before;
}

// Those alive that stand there since earlier than that. A line is in order of it.
uint64_t Core::standing_since(const RunQueue& line, int64_t before_ms) const {
  uint64_t before = 0;
  size_t looked_at = 0;
  line.scan_runs([&](Sequence first, uint64_t count) {
    const Sequence end = first_since(first, first + count, before_ms);
    before += ++looked_at <= runs_looked_at ? messages_.alive(first, end - first) : end - first;
    return end == first + count;
  });
  return before;
}

// Of neighbours in one line: the first alive that stands there since then or later; `end`: none does.
Sequence Core::first_since(Sequence first, Sequence end, int64_t since_ms) const {
  const auto alive_from = [&](Sequence from) {
    const Sequence next = messages_.next(from);
    return next == 0 ? end : std::min(next, end);
  };
  Sequence low = first, high = end;
  while (low < high) {
    const Sequence middle = low + (high - low) / 2;
    const Sequence at = alive_from(middle);
    if (at < high && messages_.find(at)->since_ms() < since_ms) {
      low = at + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace forebay
