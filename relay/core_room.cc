// What gives way when a queue is full (`on_full`): the oldest message that waits, or the oldest of the lowest class
// that comes after the newcomer's. Nothing under way is given up, no dead letter, and nothing for a message that could
// never fit.
#include <algorithm>

#include "relay/core.h"

namespace forebay {
namespace {

constexpr uint64_t looks_max = 10'000;  // for one victim: what stands in the way belongs to others

// A class that a reload took away counts as "default".
uint32_t priority_of(const Queue& queue, uint8_t klass) {
  return queue.classes[klass < queue.classes.size() ? klass : 0].config.priority;
}

}  // namespace

// The lowest sequence of the queue that waits, of that class if one is named. 0: none was found.
Sequence Core::victim_of(Queue& queue, std::optional<uint8_t> klass) {
  bool from_the_start = queue.oldest_hint == 0;
  Sequence at = messages_.next(std::max<Sequence>(queue.oldest_hint, 1));
  for (uint64_t looks = 0; looks < looks_max; ++looks) {
    if (at == 0) {
      if (std::exchange(from_the_start, true)) return 0;
      at = messages_.next(1);
      continue;
    }
    const MessageEntry& entry = *std::as_const(messages_).find(at);
    const bool waits = entry.state != MessageState::in_flight && entry.state != MessageState::dead;
    if (entry.queue == queue.id && waits && (!klass || entry.klass == *klass)) {
      if (!klass) queue.oldest_hint = at;
      return at;
    }
    at = messages_.next(at + 1);
  }
  return 0;
}

// Of those that would give way to a message of that class.
uint64_t Core::droppable(const Queue& queue, uint8_t klass) const {
  uint64_t count = 0;
  for (const ClassLane& lane : queue.classes) {
    const bool gives_way =
        queue.config.on_full == OnFull::drop_oldest || lane.config.priority > priority_of(queue, klass);
    if (gives_way) count += lane.counts.waiting() - lane.counts.in_flight;
  }
  return count;
}

// Messages that were admitted and are not durable yet have each laid claim to one. Of bytes it is an estimate, by what
// a message of the queue has on average.
bool Core::could_make_room(const Queue& queue, const AdmitRequest& request) const {
  if (queue.config.on_full == OnFull::refuse || request.bytes > queue.config.max_bytes) return false;
  const uint64_t may_go = droppable(queue, request.klass);
  const uint64_t messages = queue.waiting() + queue.reserved + 1, bytes = queue.bytes + request.bytes;
  if (messages > queue.config.max_messages + may_go) return false;
  if (bytes <= queue.config.max_bytes) return true;
  const double each = static_cast<double>(queue.bytes) / static_cast<double>(std::max<uint64_t>(messages - 1, 1));
  return static_cast<double>(bytes - queue.config.max_bytes) <= each * static_cast<double>(may_go);
}

// Only now that the newcomer is durable: one that is not written in the end has cost nobody anything.
void Core::make_room(Queue& queue, uint8_t newcomer, Now now) {
  if (queue.config.on_full == OnFull::refuse) return;
  while (queue.waiting() > queue.config.max_messages || queue.bytes > queue.config.max_bytes) {
    std::optional<uint8_t> klass;
    if (queue.config.on_full == OnFull::drop_lowest) {
      uint32_t last = priority_of(queue, newcomer);
      for (size_t k = 0; k < queue.classes.size(); ++k) {
        const ClassLane& lane = queue.classes[k];
        const uint64_t may_go = lane.counts.waiting() - lane.counts.in_flight;
        if (may_go > 0 && lane.config.priority > last) klass = static_cast<uint8_t>(k), last = lane.config.priority;
      }
      if (!klass) return;
    }
    const Sequence victim = victim_of(queue, klass);
    if (victim == 0) return;
    ++queue.counters.dropped;
    finish(victim, Settlement::dropped, 0, now);
  }
}

}  // namespace forebay
