// The part of Reader that knows queues: their classes, what needs a key, and when they are closed.
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
  superseding_lanes_.clear();
  const Given given = read_section(node, where);
  check_needs_key(given, where);
  if (given.contains("classes")) check_classes(given.at("classes"), where);
  target_.config.queues.emplace(name, std::move(target_.queue));
}

void Reader::read_class(const std::string& name, const YAML::Node& node, const Where& where) {
  target_.lane = ClassConfig{};
  target_.lane.name = name;
  const Given given = read_section(node, where);
  if (target_.lane.supersede == true) {
    superseding_lanes_.push_back({where.path, where.shown + ".supersede", given.at("supersede")});
  }
  target_.queue.classes.emplace(name, std::move(target_.lane));
}

// Of no effect without a key, or of one that nobody means: `supersede` would let each message replace all others.
void Reader::check_needs_key(const Given& given, const Where& where) {
  const QueueConfig& queue = target_.queue;
  if (queue.key.from != ValueSource::From::none || has_complained_of(where.shown + ".key:")) return;
  const auto needs = [&](bool it, const char* name, const std::string& shown) {
    if (it) complain(given.at(name), where.shown + "." + shown + " needs a key", "such as key: json:/phone");
  };
  needs(queue.strict_order, "order", "order: strict");
  needs(queue.supersede, "supersede", "supersede");
  needs(!queue.key_limits.empty(), "key_limits", "key_limits");
  needs(!queue.weights.empty(), "weights", "weights");
  for (const Where& lane : superseding_lanes_) {
    complain(lane.place, lane.shown + " needs a key of the queue", "such as key: json:/phone");
  }
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
