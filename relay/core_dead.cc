// Dead letters: how a message becomes one, also when there is no room for it yet, and how it comes back.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {

// True: it is a dead letter now. False: the dead-letter store is full, which holds the sink; it waits for room, and is
// not sent again.
bool Core::bury(Sequence sequence, MessageEntry& entry, const std::string& reason, uint64_t QueueCounters::*counter,
                const std::string& excerpt, Now now) {
  Queue& queue = queue_of(entry.queue);
  Unburied unburied{{}, counter};
  DeadLetter& letter = unburied.letter;
  letter.sequence = sequence;
  letter.queue = entry.queue;
  letter.attempts = entry.attempts;
  letter.bytes = entry.bytes();
  letter.reason = reason;
  letter.excerpt = excerpt;
  if (queue.config.dead.on_full == DeadConfig::OnFull::drop_oldest) make_dead_room(queue, letter.bytes, now);
  const bool full = !queue.unburied.empty() || !queue.dead_has_room(letter.bytes);
  if (full && queue.configured) {
    leave_unburied(queue, *messages_.find(sequence), std::move(unburied), now);
    return false;
  }
  inter(queue, std::move(unburied), now);
  return true;
}

// On disk it has no attempts left: a start that finds it buries it then. Its ttl ends here: it is given up already, and
// what is given up is kept.
void Core::leave_unburied(Queue& queue, MessageEntry& entry, Unburied unburied, Now now) {
  const int64_t now_ms = queue.config.pull ? no_lease_ms(time_.ms(now)) : time_.ms(now);
  entry.attempts = static_cast<uint8_t>(std::max<uint32_t>(entry.attempts, max_attempts(queue, entry)));
  entry.set_expires_ms(0);
  change_state(queue, entry, MessageState::retrying, now_ms);
  backlog_.retry(unburied.letter.sequence, now_ms, entry.attempts);
  queue.unburied.push_back(std::move(unburied));
  lanes_[queue.sink]->hold_for_dead_letters(queue.id, queue.config.name);
}

void Core::inter(Queue& queue, Unburied unburied, Now now) {
  DeadLetter& letter = unburied.letter;
  MessageEntry& entry = *messages_.find(letter.sequence);
  const int64_t now_ms = time_.ms(now);
  ++(queue.counters.*unburied.counter);
  queue.bytes -= letter.bytes;
  queue.dead_bytes += letter.bytes;
  entry.attempts = letter.attempts;
  change_state(queue, entry, MessageState::dead, now_ms);
  queue.dead_letters.bury({now_ms, letter.sequence});
  watch_dead_ttl(queue);
  letter.died_ms = now_ms;
  if (!queue.config.outcomes.empty()) {
    reports_.push_back(
        {EndReport::How::dead, letter.sequence, queue.id, entry.klass, letter.attempts, 0, letter.reason});
  }
  backlog_.dead(letter);
  if (queue.config.strict_order && entry.flow() != no_flow) poke(queue, entry.flow());  // the next of its key may go
}

// As far as there is room. A store that nobody waits for any more lets its sink go on.
void Core::bury_waiting(SinkLane& lane, Now now) {
  const auto held_for = lane.full_dead_letter_stores();
  for (const auto& [id, why] : held_for) {
    Queue& queue = queue_of(id);
    while (!queue.unburied.empty()) {
      const DeadLetter& letter = queue.unburied.front().letter;
      const MessageEntry* entry = std::as_const(messages_).find(letter.sequence);
      if (entry != nullptr && !queue.dead_has_room(letter.bytes)) break;
      if (entry != nullptr) inter(queue, std::move(queue.unburied.front()), now);
      queue.unburied.pop_front();
    }
    if (queue.unburied.empty()) lane.dead_letters_have_room(id);
  }
}

void Core::make_dead_room(Queue& queue, uint32_t bytes, Now now) {
  while (!queue.dead_has_room(bytes) && !queue.dead_letters.empty()) {
    ++queue.counters.dead_dropped;
    finish(queue.dead_letters.oldest().sequence, Settlement::dropped, 0, now);
  }
}

void Core::revive(Sequence sequence, MessageEntry& entry, Now now) {
  Queue& queue = queue_of(entry.queue);
  queue.dead_letters.dig_up({entry.since_ms(), sequence});
  queue.dead_bytes -= entry.bytes();
  queue.bytes += entry.bytes();
  entry.attempts = 0;
  entry.set_expires_ms(0);
  backlog_.revive(sequence, time_.ms(now));
  backlog_.attempt_over(sequence);  // one that a crash interrupted: it starts over
  make_ready(sequence, entry, Line::replayed, time_.ms(now));
}

// ---- operators ----

bool Core::purge_dead_letter(Sequence sequence, Now now) {
  const MessageEntry* entry = messages_.find(sequence);
  if (entry == nullptr || entry->state != MessageState::dead) return false;
  finish(sequence, Settlement::purged, 0, now);
  return true;
}

bool Core::replay_dead_letter(Sequence sequence, Now now) {
  MessageEntry* entry = messages_.find(sequence);
  if (entry == nullptr || entry->state != MessageState::dead) return false;
  revive(sequence, *entry, now);
  return true;
}

uint64_t Core::purge_dead(QueueId id, uint64_t most, Now now) {
  const BurialOrder& letters = queue_of(id).dead_letters;
  uint64_t purged = 0;
  for (; !letters.empty() && purged < most; ++purged) finish(letters.oldest().sequence, Settlement::purged, 0, now);
  return purged;
}

uint64_t Core::replay_dead(QueueId id, uint64_t most, Now now) {
  const BurialOrder& letters = queue_of(id).dead_letters;
  uint64_t replayed = 0;
  for (; !letters.empty() && replayed < most; ++replayed) {
    const Sequence oldest = letters.oldest().sequence;
    revive(oldest, *messages_.find(oldest), now);
  }
  return replayed;
}

}  // namespace forebay
