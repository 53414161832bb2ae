// What lapses while nobody looks: ttls of messages, and of dead letters. A bounded part a tick, whatever the number.
#include <algorithm>
#include <utility>

#include "relay/core.h"

namespace forebay {

void Core::fire_expired(Now now) {
  expiries_.advance(time_.ms(now));
  for (size_t expired = 0; expired < expired_per_tick;) {
    const auto group = expiries_.take_due();
    if (!group) return;
    expired += 1 + expire_group(*group, now);
  }
}

void Core::expire(Queue& queue, Sequence sequence, Now now) {
  ++queue.counters.expired;
  ++queue.classes[std::as_const(messages_).find(sequence)->klass].counters.expired;
  finish(sequence, Settlement::expired, 0, now);
}

// Those under way are watched again when they come back.
size_t Core::expire_group(Sequence first, Now now) {
  const int64_t now_ms = time_.ms(now);
  size_t expired = 0;
  int64_t next_ms = 0;
  Sequence sequence = messages_.next(first);
  for (; sequence != 0 && sequence < first + ExpiryWatch::group_size; sequence = messages_.next(sequence + 1)) {
    const MessageEntry& entry = *std::as_const(messages_).find(sequence);
    const bool waits = entry.state != MessageState::in_flight && entry.state != MessageState::dead;
    if (!waits || entry.expires_ms() == 0) continue;
    if (entry.expires_ms() > now_ms) {
      next_ms = next_ms == 0 ? entry.expires_ms() : std::min(next_ms, entry.expires_ms());
      continue;
    }
    ++expired;
    expire(queue_of(entry.queue), sequence, now);
  }
  if (next_ms != 0) expiries_.watch(first, next_ms);
  return expired;
}

// The oldest letter of a queue lapses first, because its letters all have the same ttl.
void Core::watch_dead_ttl(Queue& queue) {
  if (queue.dead_letters.empty() || std::exchange(queue.dead_ttl_watched, true)) return;
  dead_ttls_.add(queue.dead_letters.oldest().died_ms + queue.config.dead.ttl.ms(), queue.id);
}

void Core::fire_dead_ttls(Now now) {
  const int64_t lapsed_ms = time_.ms(now);
  dead_ttls_.advance(lapsed_ms, [&](uint64_t id) {
    Queue& queue = queue_of(static_cast<QueueId>(id));
    queue.dead_ttl_watched = false;
    for (size_t left = expired_per_tick; left > 0 && !queue.dead_letters.empty(); --left) {
      const Burial oldest = queue.dead_letters.oldest();
      if (oldest.died_ms + queue.config.dead.ttl.ms() > lapsed_ms) break;
      ++queue.counters.dead_expired;
      finish(oldest.sequence, Settlement::dropped, 0, now);
    }
    watch_dead_ttl(queue);
  });
}

}  // namespace forebay
