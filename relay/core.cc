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
      parked_(time_.ms(now)),
      set_aside_(time_.ms(now)),
      expiries_(time_.ms(now)),
      dead_ttls_(time_.ms(now)),
      key_memory_{config.key_memory},
      keys_aged_(now.steady),
      key_spends_forgotten_(now.steady) {
  for (const auto& [name, sink] : config.sinks) {
    lanes_.push_back(std::make_unique<SinkLane>(static_cast<SinkId>(lanes_.size()), sink, now));
    set_key_limits(*lanes_.back(), sink, now);
  }
  assert(queue_ids.size() == config.queues.size());
  size_t i = 0;
  for (const auto& [name, settings] : config.queues) {
    add_queue(queue_ids[i]);
    set_queue(queue_of(queue_ids[i++]), settings, now);
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
  if (!queue.has_room(1, request.bytes) && !could_make_room(queue, request)) {
    ++queue.counters.refused_full;
    const bool by_count = queue.waiting() + queue.reserved + 1 > queue.config.max_messages;
    return Refusal{by_count ? Refusal::Why::full_messages : Refusal::Why::full_bytes, until_room(queue, now)};
  }
  const ClassLane& klass = class_of(queue, request.klass);
  const SinkLane* lane = lane_of(queue);
  for (const KeyLimits* limits : {queue.key_limits.get(), lane != nullptr ? lane->key_limits.get() : nullptr}) {
    if (request.key == 0 || limits == nullptr || !limits->refuses(request.key)) continue;
    ++queue.counters.refused_keys;
    return Refusal{Refusal::Why::keys_full, Duration::minutes(1)};
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
  if (request.hold) {
    facts.held = true;
    facts.due_ms = facts.accepted_ms + std::max<int64_t>(request.hold->ms(), 1);
  }
  const Duration ttl = request.ttl ? *request.ttl : klass.config.ttl.value_or(queue.config.ttl);
  if (ttl != Duration::max()) facts.expires_ms = facts.accepted_ms + std::max<int64_t>(ttl.ms(), 1);
  reservation.position = queue.reserved + position_of_new(queue, facts);
  if (facts.key != 0) earliest = std::max(earliest, turn_of_key(queue, facts.key, ahead_in_flow(queue, facts), now));
  const bool known = !request.hold && (lane == nullptr || !lane->pulled());  // else somebody else decides
  reservation.estimated = known ? estimate(queue, klass, reservation.position, earliest, now) : Reservation::never();
  if (queue.config.refuse_late && known && facts.expires_ms > 0 &&
      reservation.estimated > WallTime::from_ms(facts.expires_ms)) {
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
    make_room(queue, facts.klass, now);
    touch_queue(queue);
  }
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
  fire_parked(now);
  fire_expired(now);
  fire_dead_ttls(now);
  age_keys(now);
  looks_left_ = looks_per_tick;
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
  for (const TimingWheel* wheel : {&due_, &parked_, &set_aside_}) {
    if (const auto due = wheel->next_due_ms()) next = std::min(next, time_.instant(*due));
  }
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
    const bool held = entry->state == MessageState::held;
    const bool leased = !leased_before_.empty() && leased_before_.contains(sequence);
    if (!held && !leased && entry->state != MessageState::delayed && entry->state != MessageState::retrying) return;
    if (entry->since_ms() > clock_ms) return;
    if (held) return undecided_.push_back(sequence);
    if (leased) {
      leased_before_.erase(sequence);
      if (entry->expires_ms() > 0) expiries_.watch(sequence, entry->expires_ms());
      Queue& queue = queue_of(entry->queue);
      if (is_superseded(queue, sequence, *entry)) return replace(queue, sequence, now);
      if (queue.configured && exhausted(queue, *entry)) {
        bury(sequence, *entry, "attempts exhausted: lease expired", &QueueCounters::dead_attempts, "", now);
        return;
      }
    }
    // In lines by due time; a wall-clock due time says nothing there, so those stand by when they were seen.
    make_ready(sequence, *entry, Line::returned, entry->due_by_wall ? time_.ms(now) : entry->since_ms());
  };
  due_.advance(time_.ms(now), [&](Sequence sequence) { release(sequence, time_.ms(now)); });
  due_by_wall_.set_back(now.wall.ms());
  due_by_wall_.advance(now.wall.ms(), [&](Sequence sequence) { release(sequence, now.wall.ms()); });
}

}  // namespace forebay
