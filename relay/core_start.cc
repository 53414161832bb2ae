// Core at start: the messages that outlived the last process take their places.
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {

void Core::recover(std::span<const RecoveredMessage> messages) {
  if (messages.empty()) return;
  for (const RecoveredMessage& message : messages) {
    if (queue(message.facts.queue) == nullptr) keep_orphans(message.facts.queue);
    take_back(message.facts.sequence, entry_of(message));
  }
  messages_.insert_rising(
      messages.size(), [&](size_t i) { return messages[i].facts.sequence; },
      [&](size_t i) { return entry_of(messages[i]); });
  assert(messages.back().facts.sequence >= next_sequence_);
  next_sequence_ = messages.back().facts.sequence + 1;
}

MessageEntry Core::entry_of(const RecoveredMessage& message) const {
  const MessageFacts& facts = message.facts;
  MessageEntry entry;
  entry.bytes = facts.bytes;
  entry.queue = facts.queue;
  entry.attempts = message.attempts;
  entry.max_attempts = facts.max_attempts;
  entry.klass = facts.klass;
  entry.due_by_wall = facts.due_by_wall && message.attempts == 0;
  entry.state = message.dead                       ? MessageState::dead
                : message.attempts > 0             ? MessageState::retrying
                : facts.due_ms > facts.accepted_ms ? MessageState::delayed
                                                   : MessageState::ready;
  entry.set_since_ms(facts.due_ms > 0 ? facts.due_ms : facts.accepted_ms);
  if (message.dead) {
    if (const auto letter = backlog_.dead_letter(facts.sequence)) entry.set_since_ms(letter->died_ms);
  }
  entry.set_expires_ms(facts.expires_ms);
  return entry;
}

// Its queue left the config while messages waited: they are kept and counted, and nothing drains them.
void Core::keep_orphans(QueueId id) {
  Queue orphan;
  orphan.id = id;
  orphan.configured = false;
  if (id >= queue_index_.size()) queue_index_.resize(id + 1u, UINT16_MAX);
  queue_index_[id] = static_cast<uint16_t>(queues_.size());
  queues_.push_back(std::move(orphan));
}

void Core::take_back(Sequence sequence, const MessageEntry& entry) {
  Queue& queue = queue_of(entry.queue);
  ++queue.count(entry.state);
  (entry.state == MessageState::dead ? queue.dead_bytes : queue.bytes) += entry.bytes;
  if (entry.expires_ms() > 0 && entry.state != MessageState::dead) watch_expiry(sequence, entry);
  switch (entry.state) {
    case MessageState::ready:
      queue.fresh.push(sequence);
      break;
    case MessageState::dead:
      queue.dead_letters.bury({entry.since_ms(), sequence});
      expiries_.add(entry.since_ms() + queue.config.dead.ttl.ms(), sequence);
      break;
    default:
      (entry.due_by_wall ? due_by_wall_ : due_).add(entry.since_ms(), sequence);
      if (queue.configured && entry.attempts >= max_attempts(queue, entry)) exhausted_.push_back(sequence);
  }
}

void Core::recovered(Now now) {
  next_sequence_ = std::max(next_sequence_, backlog_.next_sequence());
  for (const Sequence sequence : std::exchange(exhausted_, {})) {
    bury(sequence, *messages_.find(sequence), "attempts exhausted: Forebay stopped during the last attempt",
         &QueueCounters::dead_crashed, "", now);
  }
  for (auto& lane : lanes_) touch(*lane);
}

}  // namespace forebay
