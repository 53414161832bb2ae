// What the desks ask of the core and the core does not answer in full yet: every queue has the classes of its config
// and counts one; pauses of classes and keys are only remembered.
#include <algorithm>
#include <cassert>

#include "relay/core.h"

namespace forebay {
namespace {

void forget_queue(SinkLane& lane, QueueId id) {
  lane.queues.erase(std::remove(lane.queues.begin(), lane.queues.end(), id), lane.queues.end());
}

}  // namespace

std::optional<uint8_t> Core::class_number(QueueId id, std::string_view name) const {
  if (name.empty() || name == "default") return 0;
  uint8_t number = 0;
  for (const auto& [known, config] : queue(id)->config.classes) {
    if (known != "default") ++number;
    if (known == name) return number;
  }
  return std::nullopt;
}

uint32_t Core::cost_max(QueueId id) const {
  return lanes_[queue(id)->sink]->limits().max_cost();
}

void Core::pause_class(QueueId id, uint8_t klass, bool paused) {
  if (paused) {
    paused_classes_.emplace(id, klass);
  } else {
    paused_classes_.erase({id, klass});
  }
}

bool Core::class_paused(QueueId id, uint8_t klass) const {
  return paused_classes_.contains({id, klass});
}

void Core::pause_key(QueueId id, KeyHash key, bool paused) {
  if (paused) {
    paused_keys_.emplace(id, key);
  } else {
    paused_keys_.erase({id, key});
  }
}

std::vector<ClassCounts> Core::class_counts(const Queue& queue) const {
  ClassCounts all{"default",
                  1,
                  queue.ready,
                  queue.delayed,
                  queue.retrying,
                  queue.in_flight,
                  queue.counters.delivered,
                  class_paused(queue.id, 0)};
  return {all};
}

uint64_t Core::flows(const Queue&) const {
  return 0;
}

std::string Core::reconfigure(const Config& config, std::span<const QueueId> queue_ids, Now now) {
  assert(queue_ids.size() == config.queues.size());
  for (const Queue& queue : queues_) {
    if (!queue.configured || config.queues.contains(queue.config.name)) continue;
    if (queue.waiting() + queue.reserved + queue.dead == 0) continue;
    return "queue \"" + queue.config.name + "\" cannot be taken out: it holds " +
           std::to_string(queue.waiting() + queue.reserved) + " messages and " + std::to_string(queue.dead) +
           " dead letters";
  }
  absl::flat_hash_map<std::string, SinkId> places;
  for (const auto& lane : lanes_) places[lane->config().name] = lane->id();
  for (const auto& [name, sink] : config.sinks) {
    if (const auto at = places.find(name); at != places.end()) {
      lanes_[at->second]->reconfigure(sink, now);
    } else {
      const auto id = static_cast<SinkId>(lanes_.size());
      places[name] = id;
      lanes_.push_back(std::make_unique<SinkLane>(id, sink, now));
    }
  }
  for (Queue& queue : queues_) {
    if (!queue.configured) continue;
    forget_queue(*lanes_[queue.sink], queue.id);
    queue.configured = config.queues.contains(queue.config.name);
  }
  size_t i = 0;
  for (const auto& [name, settings] : config.queues) {
    const QueueId id = queue_ids[i++];
    if (id >= queue_index_.size()) queue_index_.resize(id + 1u, UINT16_MAX);
    if (queue_index_[id] == UINT16_MAX) {
      queue_index_[id] = static_cast<uint16_t>(queues_.size());
      queues_.emplace_back().id = id;
    }
    Queue& queue = queue_of(id);
    queue.configured = true;
    queue.config = settings;
    queue.sink = places.at(settings.sink);
    lanes_[queue.sink]->queues.push_back(id);
  }
  for (const auto& lane : lanes_) touch(*lane);
  return {};
}

}  // namespace forebay
