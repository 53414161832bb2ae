// Core at start: the messages that outlived the last process take their places.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relay/core.h"

namespace forebay {

void Core::recover(std::span<const RecoveredMessage> messages) {
  if (messages.empty()) return;
  std::vector<MessageEntry>& entries = recovering_;  // kept: one made anew each time would riddle the heap
  entries.clear();
  for (const RecoveredMessage& message : messages) entries.push_back(entry_of(message));
  for (size_t i = 0; i < messages.size(); ++i) {
    if (queue(entries[i].queue) == nullptr) keep_orphans(entries[i].queue);
    const MessageFacts& facts = messages[i].facts;
    if (facts.key != 0 || facts.cost > 1) {
      join_flow(queue_of(facts.queue), facts.sequence, entries[i], facts.key, facts.cost);
    }
  }
  messages_.insert_rising(
      messages.size(), [&](size_t i) { return messages[i].facts.sequence; }, [&](size_t i) { return entries[i]; });
  for (size_t i = 0; i < messages.size();) {
    const size_t plain = plain_run(messages, entries, i);
    if (plain > 0) {
      take_back_run(messages[i].facts.sequence, std::span(entries).subspan(i, plain));
    } else {
      take_back(messages[i].facts.sequence, entries[i], messages[i].crashed_in_flight);
    }
    i += std::max<size_t>(plain, 1);
  }
  assert(messages.front().facts.sequence >= next_sequence_);
  next_sequence_ = messages.back().facts.sequence + 1;
}

// How many from `begin` on are neighbours in one queue that only wait for their turn: nearly all after a burst.
size_t Core::plain_run(std::span<const RecoveredMessage> messages, std::span<const MessageEntry> entries,
                       size_t begin) {
  const Sequence first = messages[begin].facts.sequence;
  size_t i = begin;
  for (; i < messages.size(); ++i) {
    const MessageEntry& entry = entries[i];
    if (entry.state != MessageState::ready || entry.expires_ms() != 0 || entry.queue != entries[begin].queue) break;
    if (entry.klass != entries[begin].klass || entry.flow() != no_flow) break;
    if (messages[i].facts.sequence != first + (i - begin) || entry.line != Line::fresh) break;
  }
  return i - begin;
}

void Core::take_back_run(Sequence first, std::span<const MessageEntry> entries) {
  Queue& queue = queue_of(entries.front().queue);
  ClassLane& klass = class_of(queue, entries.front().klass);
  queue.ready += entries.size();
  klass.counts.ready += entries.size();
  klass.plain_ready += entries.size();
  for (const MessageEntry& entry : entries) queue.bytes += entry.bytes();
  klass.fresh.push_run(first, entries.size());
  if (!std::exchange(klass.plain_queued, true)) klass.rounds.join(ClassLane::plain_member, klass.plain_turn);
}

// In strict order a key waits for its head, and knows of it only where it stands: there a lease stays a retry.
bool Core::is_lease(const RecoveredMessage& message) const {
  const Queue* its = queue(message.facts.queue);
  if (its == nullptr || !its->configured || !its->config.pull || its->config.strict_order) return false;
  return message.attempts > 0 && !message.crashed_in_flight && message.facts.due_ms % 2 == 1;
}

MessageEntry Core::entry_of(const RecoveredMessage& message) {
  const MessageFacts& facts = message.facts;
  MessageEntry entry;
  entry.set_bytes(facts.bytes);
  entry.queue = facts.queue;
  entry.attempts = message.attempts;
  entry.max_attempts = facts.max_attempts;
  entry.klass = facts.klass;
  entry.line = message.revived ? Line::replayed : Line::fresh;
  entry.due_by_wall = facts.due_by_wall && message.attempts == 0;
  const bool delayed = facts.due_ms > facts.accepted_ms && !message.revived;
  entry.state = message.dead           ? MessageState::dead
                : facts.held           ? MessageState::held
                : is_lease(message)    ? MessageState::in_flight
                : message.attempts > 0 ? MessageState::retrying
                : delayed              ? MessageState::delayed
                                       : MessageState::ready;
  entry.set_since_ms(facts.due_ms > 0 ? facts.due_ms : facts.accepted_ms);
  entry.set_expires_ms(facts.expires_ms);
  if (message.dead) {
    if (const auto letter = backlog_.dead_letter(facts.sequence)) entry.set_since_ms(letter->died_ms);
  }
  return entry;
}

// Its queue left the config while messages waited: they are kept and counted, and nothing drains them.
void Core::keep_orphans(QueueId id) {
  add_queue(id);
  queue_of(id).configured = false;
}

void Core::take_back(Sequence sequence, const MessageEntry& entry, bool crashed) {
  Queue& queue = queue_of(entry.queue);
  enter_state(queue, entry);
  if (crashed && entry.flow() != no_flow) crashed_.push_back(sequence);
  (entry.state == MessageState::dead ? queue.dead_bytes : queue.bytes) += entry.bytes();
  if (entry.expires_ms() > 0 && entry.state != MessageState::dead) expiries_.watch(sequence, entry.expires_ms());
  switch (entry.state) {
    case MessageState::ready:
      stand(queue, sequence, entry);
      break;
    case MessageState::dead:
      queue.dead_letters.bury({entry.since_ms(), sequence});
      break;
    case MessageState::in_flight:
      // What a consumer has, it has until then, be it the last time.
      leased_before_.insert(sequence);
      due_.add(entry.since_ms(), sequence);
      break;
    default:
      if (queue.configured && queue.config.pull && entry.state == MessageState::retrying && !crashed &&
          entry.since_ms() % 2 == 1) {
        leased_before_.insert(sequence);
        due_.add(entry.since_ms(), sequence);
      } else if (queue.configured && exhausted(queue, entry)) {
        exhausted_.emplace_back(sequence, crashed);
      } else {
        (entry.due_by_wall ? due_by_wall_ : due_).add(entry.since_ms(), sequence);
      }
  }
}

// An older one may have been under way when the newer one came.
void Core::replace_older(Now now) {
  std::vector<Sequence> older;
  for (Queue& queue : queues_) queue.newest.clear();
  messages_.for_each([&](Sequence sequence, const MessageEntry& entry) {
    Queue& queue = queue_of(entry.queue);
    const bool keyed = entry.flow() != no_flow && entry.flow() != overflow_flow;
    if (!keyed || entry.state == MessageState::dead || !queue.supersedes(queue.classes[entry.klass])) return;
    const Sequence before = std::exchange(queue.newest[entry.flow()], sequence);
    const MessageEntry* waits = before == 0 ? nullptr : std::as_const(messages_).find(before);
    if (waits != nullptr && waits->state != MessageState::in_flight) older.push_back(before);
  });
  for (const Sequence sequence : older) replace(queue_of(messages_.find(sequence)->queue), sequence, now);
}

void Core::recovered(Now now) {
  running_ = true;
  next_sequence_ = std::max(next_sequence_, backlog_.next_sequence());
  for (Queue& queue : queues_) {
    if (queue.configured) number_classes(queue);
  }
  const auto supersedes = [](const Queue& queue) {
    return std::any_of(queue.classes.begin(), queue.classes.end(), [&](const auto& k) { return queue.supersedes(k); });
  };
  if (std::any_of(queues_.begin(), queues_.end(), supersedes)) replace_older(now);
  recovering_ = {};
  recover_key_history(now);
  for (Queue& queue : queues_) watch_dead_ttl(queue);
  for (const auto& [sequence, crashed] : std::exchange(exhausted_, {})) {
    bury(sequence, *messages_.find(sequence),
         crashed ? "attempts exhausted: Forebay stopped during the last attempt" : "given up before Forebay stopped",
         crashed ? &QueueCounters::dead_crashed : &QueueCounters::dead_attempts, "", now);
    backlog_.attempt_over(sequence);
  }
  for (auto& lane : lanes_) touch(*lane);
}

}  // namespace forebay
