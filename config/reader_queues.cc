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
  const Given given = read_section(node, where);
  if (given.contains("classes")) check_classes(given.at("classes"), where);
  target_.config.queues.emplace(name, std::move(target_.queue));
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
