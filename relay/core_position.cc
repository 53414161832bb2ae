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

// Before it stands what is ready, but for replayed letters, which give way; before a delayed one also what is due
// earlier.
uint64_t Core::position_of_new(const Queue& queue, const MessageFacts& facts) const {
  if (facts.due_ms > 0) return position_when_due(queue, facts.due_ms);
  return queue.ready - queue.ready_replayed;
}

// What waits for its time is told apart by its due time only, over all queues: an upper estimate where there are
// several.
uint64_t Core::position_when_due(const Queue& queue, int64_t due_ms) const {
  const uint64_t earlier = due_.count_before(due_ms) + due_by_wall_.count_before(due_ms);
  return queue.ready - queue.ready_replayed + std::min(earlier, queue.delayed + queue.retrying);
}

// The order of service is that of queue.h.
uint64_t Core::position_of_ready(const Queue& queue, Sequence sequence, const MessageEntry& entry) const {
  if (entry.line == Line::front) return standing_before(queue.front, sequence);
  const uint64_t front = standing_before(queue.front, 0);
  if (entry.line == Line::fresh) {
    return front + standing_before(queue.fresh, sequence) + standing_since(queue.returned, entry.since_ms());
  }
  if (entry.line == Line::returned) {
    return front + standing_before(queue.returned, sequence) + standing_since(queue.fresh, entry.since_ms() + 1);
  }
  return queue.ready - queue.ready_replayed + standing_before(queue.replayed, sequence);
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
