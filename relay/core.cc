#include "relay/core.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace forebay {
namespace {

// Wall-clock waits are looked at this often, because a stepped clock wakes nobody.
constexpr Duration wall_check = Duration::seconds(1);

}  // namespace

Core::Core(const Config& config, std::span<const QueueId> queue_ids, Backlog& backlog, uint64_t seed, Now now)
    : time_(now),
      backlog_(backlog),
      random_(seed),
      finished_(config.status_retention.ms(), config.status_memory),
      due_(time_.ms(now)),
      due_by_wall_(now.wall.ms()),
      expiries_(time_.ms(now)),
      dead_ttls_(time_.ms(now)) {
  absl::flat_hash_map<std::string, SinkId> sink_ids;
  for (const auto& [name, sink] : config.sinks) {
    const auto id = static_cast<SinkId>(lanes_.size());
    sink_ids[name] = id;
    lanes_.push_back(std::make_unique<SinkLane>(id, sink, now));
  }
  assert(queue_ids.size() == config.queues.size());
  size_t i = 0;
  for (const auto& [name, settings] : config.queues) {
    Queue queue;
    queue.id = queue_ids[i++];
    queue.config = settings;
    queue.sink = sink_ids.at(settings.sink);
    lanes_[queue.sink]->queues.push_back(queue.id);
    if (queue.id >= queue_index_.size()) queue_index_.resize(queue.id + 1u, UINT16_MAX);
    queue_index_[queue.id] = static_cast<uint16_t>(queues_.size());
    queues_.push_back(std::move(queue));
  }
}

const Queue* Core::queue(QueueId id) const {
  if (id >= queue_index_.size() || queue_index_[id] == UINT16_MAX) return nullptr;
  return &queues_[queue_index_[id]];
}

// ---- a message's life ----

std::variant<Reservation, Refusal> Core::admit(const AdmitRequest& request, Now now) {
  if (queue(request.queue) == nullptr) return Refusal{Refusal::Why::unknown_queue, {}};
  Queue& queue = queue_of(request.queue);
  if (!queue.has_room(1, request.bytes)) {
    ++queue.counters.refused_full;
    const bool by_count = queue.waiting() + queue.reserved + 1 > queue.config.max_messages;
    return Refusal{by_count ? Refusal::Why::full_messages : Refusal::Why::full_bytes, until_room(queue, now)};
  }
  Reservation reservation;
  MessageFacts& facts = reservation.facts;
  facts.queue = request.queue;
  facts.max_attempts = request.max_attempts;
  facts.bytes = request.bytes;
  facts.klass = request.klass;
  facts.cost = request.cost;
  facts.key = request.key;
  facts.accepted_ms = time_.ms(now);
  Instant earliest = now.steady;
  if (request.not_before) {
    if (*request.not_before > now.wall) {
      facts.due_ms = request.not_before->ms();
      facts.due_by_wall = true;
      earliest = now.steady + (*request.not_before - now.wall);
    }
  } else if (request.delay && request.delay->ns > 0) {
    facts.due_ms = facts.accepted_ms + (request.delay->ns + 999'999) / 1'000'000;
    earliest = now.steady + *request.delay;
  }
  const Duration ttl = request.ttl ? *request.ttl : queue.config.ttl;
  if (ttl != Duration::max()) facts.expires_ms = facts.accepted_ms + std::max<int64_t>(ttl.ms(), 1);
  reservation.position = queue.reserved + position_of_new(queue, facts);
  reservation.estimated = estimate(queue, reservation.position, earliest, now);
  if (queue.config.refuse_late && facts.expires_ms > 0 && reservation.estimated > WallTime::from_ms(facts.expires_ms)) {
    ++queue.counters.refused_late;
    return Refusal{Refusal::Why::late, until_in_time(reservation.estimated, facts.expires_ms)};
  }
  facts.sequence = next_sequence_++;
  ++queue.reserved;
  queue.bytes += facts.bytes;
  return reservation;
}

void Core::durable(std::span<const MessageFacts> messages, Now now) {
  for (const MessageFacts& facts : messages) {
    Queue& queue = queue_of(facts.queue);
    assert(queue.reserved > 0);
    --queue.reserved;
    ++queue.counters.accepted;
    schedule(facts, now);
    touch_queue(queue);
  }
}

void Core::schedule(const MessageFacts& facts, Now now) {
  Queue& queue = queue_of(facts.queue);
  MessageEntry entry;
  entry.bytes = facts.bytes;
  entry.queue = facts.queue;
  entry.max_attempts = facts.max_attempts;
  entry.klass = facts.klass;
  entry.set_expires_ms(facts.expires_ms);
  const int64_t clock_ms = facts.due_by_wall ? now.wall.ms() : time_.ms(now);
  const bool delayed = facts.due_ms > clock_ms;
  entry.state = delayed ? MessageState::delayed : MessageState::ready;
  entry.due_by_wall = delayed && facts.due_by_wall;
  entry.set_since_ms(delayed ? facts.due_ms : facts.accepted_ms);
  const bool inserted = messages_.insert(facts.sequence, entry);
  assert(inserted);
  (void)inserted;
  ++queue.count(entry.state);
  if (delayed) {
    (entry.due_by_wall ? due_by_wall_ : due_).add(facts.due_ms, facts.sequence);
  } else {
    queue.fresh.push(facts.sequence);
  }
  if (facts.expires_ms > 0) expiries_.watch(facts.sequence, facts.expires_ms);
}

void Core::leave_state(Queue& queue, const MessageEntry& entry) {
  assert(queue.count(entry.state) > 0);
  --queue.count(entry.state);
  if (entry.state == MessageState::ready && entry.line == Line::replayed) --queue.ready_replayed;
}

void Core::change_state(Queue& queue, MessageEntry& entry, MessageState to, int64_t since_ms) {
  leave_state(queue, entry);
  ++queue.count(to);
  entry.state = to;
  entry.set_since_ms(since_ms);
}

void Core::make_ready(Sequence sequence, MessageEntry& entry, Line line, int64_t since_ms) {
  Queue& queue = queue_of(entry.queue);
  change_state(queue, entry, MessageState::ready, since_ms);
  entry.due_by_wall = false;
  entry.line = line;
  if (line == Line::replayed) ++queue.ready_replayed;
  queue.line(line).push(sequence);
  touch_queue(queue);
}

void Core::wait_until(Sequence sequence, MessageEntry& entry, MessageState state, int64_t due_ms, bool by_wall) {
  change_state(queue_of(entry.queue), entry, state, due_ms);
  entry.due_by_wall = by_wall;
  (by_wall ? due_by_wall_ : due_).add(due_ms, sequence);
}

void Core::finish(Sequence sequence, Settlement how, uint16_t status, Now now) {
  const MessageEntry* entry = messages_.find(sequence);
  assert(entry != nullptr);
  Queue& queue = queue_of(entry->queue);
  leave_state(queue, *entry);
  const bool was_dead = entry->state == MessageState::dead;
  if (was_dead) {
    queue.dead_bytes -= entry->bytes;
    queue.dead_letters.dig_up({entry->since_ms(), sequence});
  } else {
    queue.bytes -= entry->bytes;
  }
  if (!queue.unburied.empty()) touch_queue(queue);  // there is room now, or this was one of them
  finished_.add(sequence, {how, was_dead, entry->attempts, entry->queue, status}, time_.ms(now));
  backlog_.settle(sequence, how);
  messages_.erase(sequence);
}

// ---- tick ----

void Core::touch(SinkLane& lane) {
  if (std::exchange(lane.dirty, true)) return;
  dirty_.push_back(lane.id());
}

void Core::touch_queue(const Queue& queue) {
  if (queue.configured) touch(*lanes_[queue.sink]);
}

Instant Core::tick(Now now, std::vector<Send>* sends) {
  fire_due(now);
  fire_expired(now);
  fire_dead_ttls(now);
  lapsed_heads_left_ = expired_per_tick;
  while (!wakes_.empty() && wakes_.front().at <= now.steady) {
    const Wake wake = wakes_.front();
    std::pop_heap(wakes_.begin(), wakes_.end(), std::greater<>());
    wakes_.pop_back();
    if (lanes_[wake.sink]->asked_for == wake.at) lanes_[wake.sink]->asked_for = Instant::never();
    if (lanes_[wake.sink]->wake == wake.at) touch(*lanes_[wake.sink]);
  }
  const std::vector<SinkId> dirty = std::exchange(dirty_, {});
  for (const SinkId id : dirty) {
    lanes_[id]->dirty = false;
    serve(*lanes_[id], now, sends);
  }
  Instant next = wakes_.empty() ? Instant::never() : wakes_.front().at;
  if (const auto due = due_.next_due_ms()) next = std::min(next, time_.instant(*due));
  for (const auto& due : {expiries_.next_due_ms(), dead_ttls_.next_due_ms()}) {
    if (due) next = std::min(next, *due <= time_.ms(now) ? now.steady : time_.instant(*due));
  }
  if (const auto due = due_by_wall_.next_due_ms()) {
    const Duration wait = std::min(WallTime::from_ms(*due) - now.wall, wall_check);
    next = std::min(next, now.steady + wait);
  }
  return dirty_.empty() ? next : now.steady;
}

void Core::fire_due(Now now) {
  const auto release = [&](Sequence sequence, int64_t clock_ms) {
    MessageEntry* entry = messages_.find(sequence);
    if (entry == nullptr) return;
    if (entry->state != MessageState::delayed && entry->state != MessageState::retrying) return;
    if (entry->since_ms() > clock_ms) return;
    // In lines by due time; a wall-clock due time says nothing there, so those stand by when they were seen.
    make_ready(sequence, *entry, Line::returned, entry->due_by_wall ? time_.ms(now) : entry->since_ms());
  };
  due_.advance(time_.ms(now), [&](Sequence sequence) { release(sequence, time_.ms(now)); });
  due_by_wall_.set_back(now.wall.ms());
  due_by_wall_.advance(now.wall.ms(), [&](Sequence sequence) { release(sequence, now.wall.ms()); });
}

}  // namespace forebay
