// The part of Reader that looks at what the config points at: sinks, queues, classes and keys, once all are known.
#include <algorithm>

#include "config/reader.h"
#include "config/suggest.h"

namespace forebay {
namespace {

template <typename Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, item] : map) names.push_back(name);
  return names;
}

std::string hint_among(const std::string& written, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(written, names);
  if (!nearest.empty()) return "did you mean " + nearest + "?";
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "there is " : ", ") + name;
  return all.empty() ? "there is none" : all;
}

}  // namespace

void Reader::check_references() {
  const std::vector<std::string> sinks = names_of(target_.config.sinks);
  const std::vector<std::string> queues = names_of(target_.config.queues);
  for (const Reference& reference : references_) {
    const std::vector<std::string>& names = reference.to_sink ? sinks : queues;
    if (std::find(names.begin(), names.end(), reference.name) != names.end()) continue;
    const std::string what = reference.to_sink ? "sink" : "queue";
    complain(reference.where.place,
             reference.where.shown + ": no " + what + " is called `" + reference.shown_name + "`",
             hint_among(reference.name, names));
  }
}

// Reports of reports would never end.
void Reader::check_outcomes() {
  for (const Reference& reference : references_) {
    if (!reference.where.path.ends_with(".outcomes")) continue;
    const auto queue = target_.config.queues.find(reference.name);
    if (queue == target_.config.queues.end() || queue->second.outcomes.empty()) continue;
    complain(reference.where.place, reference.where.shown + ": queue `" + reference.name + "` reports outcomes itself",
             "reports go to a queue without `outcomes`");
  }
}

// A share kept for a class that never comes would be lost.
void Reader::check_reserves() {
  for (const Reserve& reserve : reserves_) {
    std::vector<std::string> classes{"default"};
    for (const auto& [name, queue] : target_.config.queues) {
      if (reserve.of_sink ? queue.sink != reserve.owner : name != reserve.owner) continue;
      for (const auto& [lane, settings] : queue.classes) classes.push_back(lane);
    }
    if (std::find(classes.begin(), classes.end(), reserve.lane) != classes.end()) continue;
    const std::string none = reserve.of_sink ? "no queue of this sink has a class" : "this queue has no class";
    complain(reserve.place, reserve.shown + ": " + none + " `" + reserve.lane + "`", hint_among(reserve.lane, classes));
  }
}

}  // namespace forebay
