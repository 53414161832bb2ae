// What the config says of sinks, queues, classes and keys, at the start and when it changes while running.
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "limiter/limit_set_config.h"
#include "relay/core.h"
#include "relay/key_hash.h"

namespace forebay {
namespace {

// Class numbers are stored with messages, so a name keeps its number: the n-th name of this note is class n.
std::string class_note(const Queue& queue) {
  return "classes:" + queue.config.name;
}

constexpr size_t class_numbers_max = 250;  // of 255

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> out;
  while (!names.empty()) {
    const size_t end = std::min(names.find(','), names.size());
    out.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return out;
}

std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

// Once there is a set it stays, if only an empty one: sends under way have taken from it.
void set_limits(std::unique_ptr<LimitSet>& limits, const QueueConfig& queue, const SinkConfig& sink, Now now) {
  if (limits) {
    limits->reconfigure(limit_set_config(queue, sink), now);
  } else if (!queue.limits.empty()) {
    limits = std::make_unique<LimitSet>(limit_set_config(queue, sink), now);
  }
}

void set_keys(std::unique_ptr<KeyLimits>& limits, const std::vector<LimitConfig>& windows, OnKeyOverflow on_overflow,
              Duration grace, KeyMemory& memory, Now now) {
  if (limits) {
    limits->reconfigure(windows, on_overflow, grace, now);
  } else if (!windows.empty()) {
    limits = std::make_unique<KeyLimits>(windows, on_overflow, grace, memory);
  }
}

}  // namespace

void Core::add_queue(QueueId id) {
  Queue queue;
  queue.id = id;
  queue.classes.emplace_back(ClassConfig{.name = "default"});
  if (id >= queue_index_.size()) queue_index_.resize(id + 1u, UINT16_MAX);
  queue_index_[id] = static_cast<uint16_t>(queues_.size());
  queues_.push_back(std::move(queue));
}

void Core::set_queue(Queue& queue, const QueueConfig& config, Now now) {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                 [&](const auto& l) { return !l->gone && l->config().name == config.sink; });
  assert(lane != lanes_.end());
  const bool moves = !queue.configured || queue.config.name.empty() || queue.sink != (*lane)->id();
  if (moves) {
    if (queue.configured && !queue.config.name.empty()) std::erase(lanes_[queue.sink]->queues, queue.id);
    (*lane)->queues.push_back(queue.id);
    queue.queued = false;
    queue.turn = 0;
  }
  queue.configured = true;
  queue.sink = (*lane)->id();
  queue.config = config;
  queue.hours = Hours(config.hours);
  queue.weights.clear();
  for (const auto& [key, weight] : config.weights) {
    queue.weights[key_hash(key, key_seed(backlog_.id_key()))] = static_cast<uint8_t>(weight);
  }
  const SinkConfig& sink = (*lane)->config();
  set_limits(queue.limits, config, sink, now);
  set_keys(queue.key_limits, config.key_limits, config.on_key_overflow, sink.timeout, key_memory_, now);
  if (!running_) return;
  number_classes(queue);
  queue.dead_ttl_watched = false;  // it may be another one
  watch_dead_ttl(queue);
}

void Core::set_key_limits(SinkLane& lane, const SinkConfig& config, Now now) {
  set_keys(lane.key_limits, config.key_limits, config.on_key_overflow, config.timeout, key_memory_, now);
}

// Names that are not configured any more keep their number as long as a message has it.
void Core::number_classes(Queue& queue) {
  std::vector<std::string> names = split(backlog_.noted(class_note(queue)));
  const std::string before = join(names);
  const auto& configured = queue.config.classes;
  for (const auto& [name, settings] : configured) {
    if (name == "default" || std::find(names.begin(), names.end(), name) != names.end()) continue;
    size_t free = 0;
    for (; free < names.size(); ++free) {
      const StateCounts& counts = class_of(queue, static_cast<uint8_t>(free + 1)).counts;
      if (!configured.contains(names[free]) && counts.waiting() + counts.dead + queue.reserved == 0) break;
    }
    if (free == names.size()) names.emplace_back();
    names[free] = name;
  }
  if (join(names) != before) backlog_.note(class_note(queue), join(names));
  class_of(queue, static_cast<uint8_t>(names.size()));
  for (size_t k = 0; k < queue.classes.size(); ++k) {
    const std::string name = k == 0 ? "default" : k <= names.size() ? names[k - 1] : "";
    const auto found = configured.find(name);
    ClassLane& klass = queue.classes[k];
    klass.config = found == configured.end() ? ClassConfig{.name = name} : found->second;
    klass.hours = Hours(klass.config.hours);
    if (found == configured.end() && k != 0) klass.paused = false;  // nobody could resume it
    klass.reserve_tag = lanes_[queue.sink]->limits().lane(name);
    klass.queue_tag = queue.limits ? queue.limits->lane(name) : 0;
  }
  ClassOrder::give_slots(queue.classes);
}

std::optional<uint8_t> Core::class_number(QueueId id, std::string_view name) const {
  const Queue& queue = *this->queue(id);
  if (name.empty() || name == "default") return 0;
  for (size_t k = 1; k < queue.classes.size(); ++k) {
    const std::string& known = queue.classes[k].config.name;
    if (known == name && queue.config.classes.contains(known)) return static_cast<uint8_t>(k);
  }
  return std::nullopt;
}

uint32_t Core::cost_max(QueueId id, uint8_t klass) const {
  const Queue& queue = *this->queue(id);
  const SinkLane& lane = *lanes_[queue.sink];
  const ClassLane& k = queue.classes[klass];
  uint32_t most = lane.limits().max_cost(k.reserve_tag);
  if (queue.limits) most = std::min(most, queue.limits->max_cost(k.queue_tag));
  return most;
}

bool Core::class_paused(QueueId id, uint8_t klass) const {
  const Queue& queue = *this->queue(id);
  return klass < queue.classes.size() && queue.classes[klass].paused;
}

std::vector<ClassCounts> Core::class_counts(const Queue& queue) const {
  std::vector<ClassCounts> out;
  for (size_t k = 0; k < queue.classes.size(); ++k) {
    const ClassLane& klass = queue.classes[k];
    const StateCounts& c = klass.counts;
    const bool shown = k == 0 || queue.config.classes.contains(klass.config.name) || c.waiting() + c.dead > 0;
    if (!shown) continue;
    out.push_back({klass.config.name, klass.config.priority, c.ready, c.delayed, c.retrying, c.in_flight, c.held,
                   c.dead, klass.counters.accepted, klass.counters.delivered, klass.paused});
  }
  return out;
}

// ---- a changed config ----

std::string Core::why_not(const Config& config, std::span<const QueueId> queue_ids) const {
  size_t i = 0;
  for (const auto& [name, settings] : config.queues) {
    const Queue* queue = this->queue(queue_ids[i++]);
    if (queue == nullptr || !queue->configured || queue->waiting() + queue->reserved == 0) continue;
    if (queue->config.strict_order == settings.strict_order) continue;
    return fmt::format("queues.{}.order cannot change while {} messages wait in it: let it drain or purge it", name,
                       queue->waiting());
  }
  for (const Queue& queue : queues_) {
    const auto fresh = config.queues.find(queue.config.name);
    if (!queue.configured || fresh == config.queues.end()) continue;
    size_t numbers = fresh->second.classes.size();
    for (const ClassLane& klass : queue.classes) {
      const bool waits = klass.counts.waiting() + klass.counts.dead + queue.reserved > 0;
      numbers += waits && !fresh->second.classes.contains(klass.config.name);
    }
    if (numbers <= class_numbers_max) continue;
    return fmt::format("queues.{}.classes: messages of too many classes that are gone wait in it: let them drain first",
                       queue.config.name);
  }
  for (const Queue& queue : queues_) {
    if (!queue.configured || config.queues.contains(queue.config.name)) continue;
    if (queue.waiting() + queue.reserved + queue.dead == 0) continue;
    return fmt::format(
        "queue \"{}\" holds {} waiting messages and {} dead letters: let it drain or purge it and its "
        "dead letters, then take it out",
        queue.config.name, queue.waiting() + queue.reserved, queue.dead);
  }
  return {};
}

std::string Core::reconfigure(const Config& config, std::span<const QueueId> queue_ids, Now now) {
  if (std::string why = why_not(config, queue_ids); !why.empty()) return why;
  key_memory_.bytes_max = config.key_memory;
  for (const auto& lane : lanes_) lane->gone = !config.sinks.contains(lane->config().name);
  for (const auto& [name, sink] : config.sinks) {
    const auto lane =
        std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& l) { return l->config().name == name; });
    if (lane != lanes_.end()) {
      reconfigure_sink((*lane)->id(), sink, now);
    } else {
      lanes_.push_back(std::make_unique<SinkLane>(static_cast<SinkId>(lanes_.size()), sink, now));
      set_key_limits(*lanes_.back(), sink, now);
    }
  }
  for (Queue& queue : queues_) {
    if (!queue.configured || config.queues.contains(queue.config.name)) continue;
    std::erase(lanes_[queue.sink]->queues, queue.id);
    queue.configured = false;
    queue.queued = false;
  }
  size_t i = 0;
  bool begins_to_supersede = false;
  for (const auto& [name, settings] : config.queues) {
    const QueueId id = queue_ids[i++];
    if (queue(id) == nullptr) add_queue(id);
    const auto superseding = [&] {
      const auto& classes = queue_of(id).classes;
      return std::count_if(classes.begin(), classes.end(), [&](const auto& k) { return queue_of(id).supersedes(k); });
    };
    const auto before = superseding();
    set_queue(queue_of(id), settings, now);
    begins_to_supersede |= superseding() > before;
  }
  if (begins_to_supersede) replace_older(now);
  // What a key waited for may be over: each is looked at again.
  for (Queue& queue : queues_) {
    if (!queue.flows) continue;
    queue.flows->for_each([&](FlowId flow) {
      const auto weight = queue.weights.find((*queue.flows)[flow].key);
      (*queue.flows)[flow].weight = weight == queue.weights.end() ? 1 : weight->second;
      if ((*queue.flows)[flow].state != Flow::State::parked) return;
      unpark(queue, flow);
      poke(queue, flow);
    });
  }
  for (const auto& lane : lanes_) touch(*lane);
  return {};
}

void Core::reconfigure_sink(SinkId id, const SinkConfig& config, Now now) {
  SinkLane& lane = *lanes_[id];
  lane.reconfigure(config, now);
  set_key_limits(lane, config, now);
  for (const QueueId queue : lane.queues) {
    for (ClassLane& klass : queue_of(queue).classes) klass.reserve_tag = lane.limits().lane(klass.config.name);
  }
  touch(lane);
}

}  // namespace forebay
