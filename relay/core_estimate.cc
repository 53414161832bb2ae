// What the core can foretell: when a message will leave, why it waits, how long a backlog takes to drain.
#include <algorithm>
#include <cmath>

#include "relay/core.h"

namespace forebay {

// Messages that share the sink's limits and stand before a newcomer. Retries come back within their backoff
// and take permits too, so they count.
uint64_t Core::waiting_before(const SinkLane& lane) const {
  uint64_t ahead = 0;
  for (const QueueId id : lane.queues) {
    const Queue& queue = queues_[queue_index_[id]];
    if (!queue.paused) ahead += queue.ready + queue.reserved + queue.retrying;
  }
  return ahead;
}

// What the sink sends before the message at `position` of that queue: the other queues have turns by their shares, so
// each gets so many to one of this one's, or as many as it has messages.
uint64_t Core::sent_before(const Queue& queue, uint64_t position) const {
  uint64_t ahead = position;
  for (const QueueId id : lanes_[queue.sink]->queues) {
    const Queue& other = queues_[queue_index_[id]];
    if (id == queue.id || other.paused) continue;
    const double turns = std::ceil(static_cast<double>(position + 1) * other.config.share / queue.config.share);
    const uint64_t waits = other.ready + other.reserved + other.retrying;
    ahead += turns < static_cast<double>(waits) ? static_cast<uint64_t>(turns) : waits;
  }
  return ahead;
}

WallTime Core::estimate(const Queue& queue, const ClassLane& klass, uint64_t position, Instant earliest,
                        Now now) const {
  if (!queue.configured || queue.paused || klass.paused) return Reservation::never();
  Instant turn = turn_on_sink(*lanes_[queue.sink], in_sends(queue, sent_before(queue, position)), earliest,
                              klass.reserve_tag, now);
  if (queue.limits) turn = std::max(turn, queue.limits->estimate(now, in_sends(queue, position) + 1, klass.queue_tag));
  return through_hours(queue, klass, turn, now);
}

// The limits count cost, so a message that costs more is several sends to them.
uint64_t Core::in_sends(const Queue& queue, uint64_t messages) {
  if (queue.extra_cost == 0) return messages;
  const double each =
      1 + static_cast<double>(queue.extra_cost) / static_cast<double>(std::max<uint64_t>(queue.waiting(), 1));
  return static_cast<uint64_t>(static_cast<double>(messages) * each);
}

Instant Core::turn_on_sink(const SinkLane& lane, uint64_t ahead, Instant earliest, uint8_t tag, Now now) const {
  if (lane.paused()) return Instant::never();
  const Instant opens = lane.opens(now);
  const Instant turn = lane.limits().estimate(now, ahead + 1, tag);
  if (turn.is_never()) return turn;
  Instant at = std::max(earliest, turn);
  if (!opens.is_never()) at = std::max(at, opens + (turn - now.steady));
  return at;
}

// The wait for a turn passes in open time only, of the sink, the queue and the class.
WallTime Core::through_hours(const Queue& queue, const ClassLane& klass, Instant turn, Now now) const {
  if (turn.is_never()) return Reservation::never();
  const SinkLane& lane = *lanes_[queue.sink];
  if (lane.hours.always() && queue.hours.always() && klass.hours.always()) return time_.wall(turn);
  const Duration wait = turn - now.steady;
  WallTime at = now.wall + wait;
  for (const Hours* hours : {&lane.hours, &queue.hours, &klass.hours}) {
    if (!hours->always()) at = std::max(at, hours->after(now.wall, wait));
  }
  // Open for one, it may be closed for another. A few rounds find a common opening, or there is none to tell.
  for (int round = 0; round < 8; ++round) {
    const WallTime before = at;
    for (const Hours* hours : {&lane.hours, &queue.hours, &klass.hours}) {
      if (!hours->always() && at != Reservation::never()) at = hours->opens(at);
    }
    if (at == before) break;
  }
  return at == Reservation::never() ? at : time_.wall(now.steady) + (at - now.wall);
}

// When the limits of its key let a message through that has so many before it in its line.
Instant Core::turn_of_key(const Queue& queue, KeyHash key, uint64_t before, Now now) const {
  Instant turn = now.steady;
  if (key == 0 || !queue.configured) return turn;
  const SinkLane& lane = *lanes_[queue.sink];
  for (const KeyLimits* limits : {queue.key_limits.get(), lane.key_limits.get()}) {
    if (limits != nullptr && !limits->empty()) turn = std::max(turn, limits->estimate(key, now, before + 1));
  }
  return turn;
}

double Core::drain_seconds(const Queue& queue, Now now) const {
  const uint64_t left = queue.waiting();
  if (left == 0) return 0;
  if (!queue.configured || queue.paused) return INFINITY;
  const SinkLane& lane = *lanes_[queue.sink];
  const ClassLane* last = &queue.classes.front();  // of the classes with something to send, the one that comes last
  for (const ClassLane& klass : queue.classes) {
    if (klass.counts.waiting() == 0) continue;
    if (last->counts.waiting() == 0 || klass.config.priority >= last->config.priority) last = &klass;
  }
  Instant turn = turn_on_sink(lane, in_sends(queue, waiting_before(lane)), now.steady, last->reserve_tag, now);
  if (queue.limits) turn = std::max(turn, queue.limits->estimate(now, in_sends(queue, left)));
  const WallTime end = last->paused ? Reservation::never() : through_hours(queue, *last, turn, now);
  if (end == Reservation::never()) return INFINITY;
  return std::max(0.0, (end - time_.wall(now.steady)).as_seconds());
}

Duration Core::until_drained(uint64_t bytes, Now now) const {
  double bytes_per_second = 0;
  for (const auto& lane : lanes_) {
    uint64_t messages = 0, waiting_bytes = 0;
    for (const QueueId id : lane->queues) {
      const Queue& queue = queues_[queue_index_[id]];
      if (!queue.paused) messages += queue.waiting() + queue.reserved, waiting_bytes += queue.bytes;
    }
    if (messages == 0 || lane->state(now) != LaneState::open) continue;
    bytes_per_second +=
        lane->limits().rate_per_second() * static_cast<double>(waiting_bytes) / static_cast<double>(messages);
  }
  if (bytes_per_second <= 0) return Duration::minutes(1);
  const double seconds = std::clamp(static_cast<double>(bytes) / bytes_per_second, 1.0, 3600.0);
  return Duration{static_cast<int64_t>(seconds * 1e9)};
}

double Core::oldest_age_seconds(const Queue& queue, Now now) const {
  int64_t oldest = time_.ms(now);
  int looked_at = 0;
  const auto look = [&](Sequence sequence) {
    const MessageEntry* entry = messages_.find(sequence);
    const bool waits = entry != nullptr && entry->state == MessageState::ready;
    if (waits) oldest = std::min(oldest, entry->since_ms());
    return !waits && ++looked_at < 4096;
  };
  for (const ClassLane& klass : queue.classes) {
    for (const RunQueue* line : {&klass.front, &klass.fresh, &klass.returned, &klass.replayed}) {
      looked_at = 0;
      line->scan(look);
    }
  }
  // In flows, in the rounds or parked: the oldest have the lowest sequences.
  looked_at = 0;
  Sequence at = queue.flows && queue.flows->size() > 0 ? messages_.next(1) : 0;
  for (; at != 0 && looked_at < 16'384; at = messages_.next(at + 1), ++looked_at) {
    const MessageEntry* entry = messages_.find(at);
    if (entry->queue != queue.id || entry->state != MessageState::ready) continue;
    oldest = std::min(oldest, entry->since_ms());
    break;
  }
  return static_cast<double>(time_.ms(now) - oldest) / 1000;
}

Duration Core::until_room(const Queue& queue, Now now) const {
  if (!queue.configured) return Duration::minutes(1);
  const SinkLane& lane = *lanes_[queue.sink];
  if (queue.paused || lane.paused()) return Duration::minutes(1);
  const double rate = lane.limits().rate_per_second();
  Duration wait = Duration::seconds(1);
  if (std::isfinite(rate) && rate > 0) {
    // Room for one in a hundred of the bound, so that a refused producer does not come back for one place; but no
    // more than ten seconds' worth.
    const double hundredth = static_cast<double>(queue.config.max_messages) / 100;
    const double places = std::max(1.0, std::min(hundredth, rate * 10));
    wait = Duration{static_cast<int64_t>(std::min(places / rate, 3600.0) * 1e9)};
  }
  const Instant opens = lane.opens(now);
  if (!opens.is_never()) wait = std::max(wait, opens - now.steady);
  return std::max(wait, Duration::seconds(1));
}

// When a message with that ttl would be in time, if nothing else came: as much later as this one would be late.
Duration Core::until_in_time(WallTime estimated, int64_t expires_ms) {
  if (estimated == Reservation::never()) return Duration::minutes(1);
  return std::clamp(estimated - WallTime::from_ms(expires_ms), Duration::seconds(1), Duration::minutes(60));
}

std::optional<FinishedMessage> Core::finished(Sequence sequence, Now now) {
  return finished_.find(sequence, time_.ms(now));
}

void Core::upcoming(size_t count, std::vector<Sequence>* sequences) const {
  std::vector<const SinkLane*> busy;
  for (const auto& lane : lanes_) {
    const auto waits = [this](QueueId id) { return queues_[queue_index_[id]].ready > 0; };
    if (std::any_of(lane->queues.begin(), lane->queues.end(), waits)) busy.push_back(lane.get());
  }
  if (busy.size() == 1) return upcoming_of(*busy[0], count, sequences);
  std::vector<std::vector<Sequence>> lines(std::min(busy.size(), count));
  for (size_t i = 0; i < lines.size(); ++i) upcoming_of(*busy[i], count / lines.size(), &lines[i]);
  for (size_t rank = 0; rank < count; ++rank) {
    for (const auto& line : lines) {
      if (rank < line.size()) sequences->push_back(line[rank]);
    }
  }
}

// By class, in the order of the rounds: of each flow its first, as many as there are turns.
void Core::upcoming_of(const SinkLane& lane, size_t count, std::vector<Sequence>* sequences) const {
  for (const QueueId id : lane.queues) {
    const Queue& queue = queues_[queue_index_[id]];
    if (queue.paused || queue.ready == 0) continue;
    const size_t share = std::max<size_t>(count / lane.queues.size(), 1);
    size_t taken = 0, looked_at = 0;
    const auto add = [&](Sequence sequence) {
      if (taken == share || ++looked_at > 8 * share) return false;
      const MessageEntry* entry = messages_.find(sequence);
      if (entry != nullptr && entry->state == MessageState::ready) sequences->push_back(sequence), ++taken;
      return true;
    };
    std::vector<const ClassLane*> classes;
    for (const ClassLane& klass : queue.classes) classes.push_back(&klass);
    std::stable_sort(classes.begin(), classes.end(),
                     [](const auto* a, const auto* b) { return a->config.priority < b->config.priority; });
    for (const ClassLane* klass : classes) {
      if (klass->paused) continue;
      klass->rounds.scan([&](uint32_t member) {
        if (member == ClassLane::plain_member) {
          for (const RunQueue* line : {&klass->front, &klass->fresh, &klass->returned}) line->scan(add);
        } else if (const Flow& flow = (*queue.flows)[member]; !FlowTable::line_empty(flow)) {
          add(FlowTable::front(flow));
        }
        return taken < share && looked_at <= 8 * share;
      });
    }
    for (const ClassLane* klass : classes) klass->replayed.scan(add);
  }
}

}  // namespace forebay
