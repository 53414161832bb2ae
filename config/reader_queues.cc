// The part of Reader that knows queues: their classes, what needs a key, and when they are closed.
#include <algorithm>

#include "base/size_text.h"
#include "config/forms.h"
#include "config/reader.h"

namespace forebay {
namespace {

constexpr size_t classes_max = 63;
constexpr double floors_max = 0.5;
constexpr size_t key_bytes_max = 1024;

}  // namespace

void Reader::read_queue(const std::string& name, const YAML::Node& node, const Where& where) {
  target_.queue = QueueConfig{};
  target_.queue.name = name;
  const Given given = read_section(node, where);
  if (given.contains("classes")) check_classes(given.at("classes"), where);
  check_pull(given, where);
  target_.config.queues.emplace(name, std::move(target_.queue));
}

// A pulled queue has a sink that stands for its consumers. None of what keeps real downstreams from harm is wanted
// there: a consumer asks for what it gets.
void Reader::check_pull(const Given& given, const Where& where) {
  constexpr uint32_t leases_max = 1'000'000;
  QueueConfig& queue = target_.queue;
  if (!queue.pull) {
    if (given.contains("lease")) complain(given.at("lease"), where.shown + ".lease belongs to `pull: true`");
    return;
  }
  if (given.contains("sink")) {
    complain(given.at("sink"), where.shown + ": a queue is pulled or has a sink, not both", "take one of them out");
    return;
  }
  queue.sink = pull_sink_name(queue.name);
  SinkConfig sink;
  sink.name = queue.sink;
  sink.type = "pull";
  sink.concurrency = leases_max;
  sink.pace_off = true;
  sink.dead_storm = 0;
  sink.adaptive.on = false;
  sink.breaker.failures = 0;
  sink.retry_budget = 1;
  target_.config.sinks.emplace(sink.name, sink);
}

void Reader::read_topic(const std::string& name, const YAML::Node& node, const Where& where) {
  target_.topic = TopicConfig{};
  target_.topic.name = name;
  const Given given = read_section(node, where);
  std::vector<std::string>& queues = target_.topic.queues;
  for (auto queue = queues.begin(); queue != queues.end();) {
    if (std::find(queues.begin(), queue, *queue) == queue) {
      ++queue;
      continue;
    }
    complain(given.at("queues"), where.shown + ".queues: `" + *queue + "` is given twice");
    queue = queues.erase(queue);
  }
  target_.config.topics.emplace(name, std::move(target_.topic));
}

void Reader::read_class(const std::string& name, const YAML::Node& node, const Where& where) {
  target_.lane = ClassConfig{};
  target_.lane.name = name;
  read_section(node, where);
  target_.queue.classes.emplace(name, std::move(target_.lane));
}

void Reader::check_classes(Place place, const Where& where) {
  const auto& classes = target_.queue.classes;
  if (classes.size() > classes_max) {
    complain(place, where.shown + ".classes: there can be 63 of them", "there are " + std::to_string(classes.size()));
  }
  double floors = 0;
  for (const auto& [name, lane] : classes) floors += lane.floor;
  if (floors <= floors_max + 1e-9) return;
  complain(place, where.shown + ".classes: the floors sum to " + format_percent(floors),
           "at most " + format_percent(floors_max));
}

void Reader::read_weights(const Key& key, const YAML::Node& node, const Where& where) {
  if (!node.IsMap()) {
    const Place place = node.IsNull() ? where.place : place_of(node);
    return complain(place, where.shown + " must be a map from keys to counts", "such as {tenant-a: 3}");
  }
  auto& weights = *std::get<std::map<std::string, uint32_t>*>(key.slot(target_));
  const Key count{.path = key.path, .kind = Kind::count, .range = key.range};
  for (const auto& pair : node) {
    const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const Where here{where.path, where.shown + "." + name, place_of(pair.first)};
    uint32_t weight = 1;
    if (name.empty() || name.size() > key_bytes_max) {
      complain(here.place, where.shown + ": a key is a text of 1 to 1024 bytes");
    } else if (weights.contains(name)) {
      complain(here.place, here.shown + " is given twice");
    } else {
      read_into(count, pair.second, here, &weight);
      weights.emplace(name, weight);
    }
  }
}

void Reader::read_closed(const Key& key, const YAML::Node& node, const Where& where) {
  if (!node.IsSequence()) {
    const Place place = node.IsNull() ? where.place : place_of(node);
    return complain(place, where.shown + " must be a list", "such as [{cron: \"0 2 * * *\", for: 1h}]");
  }
  for (size_t i = 0; i < node.size(); ++i) {
    target_.closed = HoursConfig::Closed{};
    read_section(node[i], {where.path + "[]", where.shown + "[" + std::to_string(i) + "]", place_of(node[i])});
    std::get<std::vector<HoursConfig::Closed>*>(key.slot(target_))->push_back(target_.closed);
  }
}

}  // namespace forebay
