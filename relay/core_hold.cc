// Held messages: stored, and not sent before somebody says so. On the disk a release is a retry that is due at once, of
// a message that was never tried.
#include "relay/core.h"

namespace forebay {

bool Core::release(Sequence sequence, Now now) {
  MessageEntry* entry = messages_.find(sequence);
  if (entry == nullptr || entry->state != MessageState::held) return false;
  backlog_.retry(sequence, time_.ms(now), 0);
  make_ready(sequence, *entry, Line::fresh, time_.ms(now));
  return true;
}

void Core::hold_until(Sequence sequence, Instant until) {
  MessageEntry* entry = messages_.find(sequence);
  if (entry == nullptr || entry->state != MessageState::held) return;
  wait_until(sequence, *entry, MessageState::held, time_.ms_at(until) + 1, false);
}

// ---- what is told of messages that ended ----

void Core::report(const Queue& queue, Sequence sequence, const MessageEntry& entry, Settlement how, uint16_t status) {
  const auto as = [&] {
    switch (how) {
      case Settlement::delivered:
        return EndReport::How::delivered;
      case Settlement::expired:
        return EndReport::How::expired;
      case Settlement::superseded:
        return EndReport::How::superseded;
      case Settlement::dropped:
        return EndReport::How::dropped;
      case Settlement::cancelled:
      case Settlement::purged:
        break;
    }
    return EndReport::How::cancelled;
  };
  reports_.push_back({as(), sequence, queue.id, entry.klass, entry.attempts, status, {}});
}

}  // namespace forebay
