// What gives way when a queue is full (`on_full`): the oldest message that waits, or the oldest of the lowest class
// that comes after the newcomer's. Nothing under way is given up, no dead letter, and nothing for a message that could
// never fit.
#include <algorithm>

#include "relay/core.h"

namespace forebay {
namespace {

constexpr uint64_t looks_max = 10'000;  // for one victim: what stands in the way belongs to others

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

bool Core::make_room(Queue& queue, const AdmitRequest& request, Now now) {
  if (queue.config.on_full == OnFull::refuse || request.bytes > queue.config.max_bytes) return false;
  const bool lowest = queue.config.on_full == OnFull::drop_lowest;
  while (!queue.has_room(1, request.bytes)) {
    std::optional<uint8_t> klass;
    if (lowest) {
      uint32_t last = class_of(queue, request.klass).config.priority;
      for (size_t k = 0; k < queue.classes.size(); ++k) {
        const ClassLane& lane = queue.classes[k];
        const uint64_t may_go = lane.counts.waiting() - lane.counts.in_flight;
        if (may_go > 0 && lane.config.priority > last) klass = static_cast<uint8_t>(k), last = lane.config.priority;
      }
      if (!klass) return false;
    }
    const Sequence victim = victim_of(queue, klass);
    if (victim == 0) return false;
    ++queue.counters.dropped;
    finish(victim, Settlement::dropped, 0, now);
  }
  return true;
}

}  // namespace forebay
