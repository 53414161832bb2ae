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

// What the sink sends before the message at `position` of that queue: its queues have a turn each, so another one gets
// as many turns as this one needs, or as it has messages.
uint64_t Core::sent_before(const Queue& queue, uint64_t position) const {
  uint64_t ahead = position;
  for (const QueueId id : lanes_[queue.sink]->queues) {
    const Queue& other = queues_[queue_index_[id]];
    if (id == queue.id || other.paused) continue;
    ahead += std::min(other.ready + other.reserved + other.retrying, position + 1);
  }
  return ahead;
}

WallTime Core::estimate(const Queue& queue, uint64_t position, Instant earliest, Now now) const {
  if (!queue.configured || queue.paused) return Reservation::never();
  return estimate_on_sink(*lanes_[queue.sink], sent_before(queue, position), earliest, now);
}

WallTime Core::estimate_on_sink(const SinkLane& lane, uint64_t ahead, Instant earliest, Now now) const {
  if (lane.paused()) return Reservation::never();
  const Instant opens = lane.opens(now);
  const Instant turn = lane.limits().estimate(now, ahead + 1);
  Instant at = std::max(earliest, turn);
  if (!opens.is_never()) at = std::max(at, opens + (turn - now.steady));
  return at.is_never() ? Reservation::never() : time_.wall(at);
}

double Core::drain_seconds(const Queue& queue, Now now) const {
  const uint64_t left = queue.waiting();
  if (left == 0) return 0;
  if (!queue.configured || queue.paused) return INFINITY;
  const SinkLane& lane = *lanes_[queue.sink];
  const WallTime last = estimate_on_sink(lane, waiting_before(lane), now.steady, now);
  if (last == Reservation::never()) return INFINITY;
  return std::max(0.0, (last - time_.wall(now.steady)).as_seconds());
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
  for (const RunQueue* line : {&queue.front, &queue.fresh, &queue.returned, &queue.replayed}) {
    int looked_at = 0;
    line->scan([&](Sequence sequence) {
      const MessageEntry* entry = messages_.find(sequence);
      const bool waits = entry != nullptr && entry->state == MessageState::ready;
      if (waits) oldest = std::min(oldest, entry->since_ms());
      return !waits && ++looked_at < 4096;
    });
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

Explanation Core::explain(Sequence sequence, Now now) const {
  const MessageEntry* entry = messages_.find(sequence);
  Explanation explanation;
  explanation.state = entry->state;
  explanation.queue = entry->queue;
  explanation.attempts = entry->attempts;
  const Queue& queue = queues_[queue_index_[entry->queue]];
  if (entry->state == MessageState::retrying && queue.configured && exhausted(queue, *entry)) {
    explanation.kind = "paused";
    explanation.name = lanes_[queue.sink]->reason(now);
    return explanation;
  }
  switch (entry->state) {
    case MessageState::in_flight:
    case MessageState::dead:
      break;
    case MessageState::ready:
      explain_ready(queue, sequence, now, &explanation);
      break;
    case MessageState::delayed:
    case MessageState::retrying: {
      const bool by_wall = entry->due_by_wall;
      const Instant due =
          by_wall ? now.steady + (WallTime::from_ms(entry->since_ms()) - now.wall) : time_.instant(entry->since_ms());
      explanation.kind = entry->state == MessageState::delayed ? "delay" : "retry";
      explanation.until = WallTime::from_ms(entry->since_ms());
      explanation.position = position_when_due(queue, entry->since_ms());
      explanation.estimated = estimate(queue, explanation.position, due, now);
    }
  }
  return explanation;
}

void Core::explain_ready(const Queue& queue, Sequence sequence, Now now, Explanation* explanation) const {
  explanation->position = position_of_ready(queue, sequence, *messages_.find(sequence));
  explanation->estimated = estimate(queue, explanation->position, now.steady, now);
  if (!queue.configured || queue.paused) {
    explanation->kind = "paused";
    explanation->name = "queue " + queue.config.name;
    return;
  }
  const SinkLane& lane = *lanes_[queue.sink];
  const Instant opens = lane.opens(now);
  if (lane.paused()) {
    explanation->kind = "paused";
    explanation->name = "sink " + lane.config().name;
  } else if (lane.state(now) == LaneState::breaker || lane.state(now) == LaneState::throttled) {
    explanation->kind = lane.state(now) == LaneState::breaker ? "breaker" : "throttled";
    explanation->name = lane.reason(now);
    if (!opens.is_never()) explanation->until = time_.wall(opens);
  } else {
    const LimitSet::Blocking blocking = lane.limits().blocking(now, 1);
    explanation->kind = blocking.name.empty() ? "turn" : "limit";
    explanation->name = blocking.name;
    explanation->until = explanation->estimated;
  }
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

void Core::upcoming_of(const SinkLane& lane, size_t count, std::vector<Sequence>* sequences) const {
  for (const QueueId id : lane.queues) {
    const Queue& queue = queues_[queue_index_[id]];
    if (queue.paused || queue.ready == 0) continue;
    const size_t share = std::max<size_t>(count / lane.queues.size(), 1);
    size_t taken = 0, looked_at = 0;
    for (const RunQueue* line : {&queue.front, &queue.fresh, &queue.returned, &queue.replayed}) {
      line->scan([&](Sequence sequence) {
        if (taken == share || ++looked_at > 8 * share) return false;
        const MessageEntry* entry = messages_.find(sequence);
        if (entry != nullptr && entry->state == MessageState::ready) sequences->push_back(sequence), ++taken;
        return true;
      });
    }
  }
}

}  // namespace forebay
