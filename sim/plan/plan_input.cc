#include "sim/plan/plan_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "relay/key_hash.h"
#include "sim/class_number.h"
#include "sim/trace.h"

namespace forebay::sim {
namespace {

template <class Map>
std::string names_of(const Map& map) {
  std::string names;
  for (const auto& [name, value] : map) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none" : names;
}

std::string missing(const Config& config, const std::string& queue, const std::string& klass) {
  const auto found = config.queues.find(queue);
  if (found == config.queues.end()) {
    return fmt::format("there is no queue \"{}\" in {}; it has {}", queue, config.path, names_of(config.queues));
  }
  if (found->second.pull) return fmt::format("queue \"{}\" is pulled: how it drains is up to its consumers", queue);
  if (class_number(found->second, klass)) return "";
  return fmt::format("queue \"{}\" has no class \"{}\" in {}; it has {}", queue, klass, config.path,
                     names_of(found->second.classes));
}

// The place of `name`, added if it is new. Traces name few: the last one first, then a search.
uint16_t place_of(std::string_view name, std::vector<std::string>* names) {
  const auto found = std::find(names->begin(), names->end(), name);
  if (found != names->end()) return static_cast<uint16_t>(found - names->begin());
  names->emplace_back(name);
  return static_cast<uint16_t>(names->size() - 1);
}

}  // namespace

KeyHash plan_key(std::string_view key) {
  static const uint64_t seed = key_seed(std::array<uint8_t, 16>{});
  return key_hash(key, seed);
}

std::string read_trace(std::istream& in, const std::string& name, const Config& config, bool moments_start,
                       PlanInput* input) {
  constexpr uint64_t lines_max = std::numeric_limits<uint32_t>::max();
  PlanArrival current;
  std::vector<std::pair<uint16_t, uint16_t>> known;  // queue and class, that the config has
  const auto resolve = [&](std::string_view queue, std::string_view klass, std::string_view key,
                           AdmitRequest* request) -> std::string {
    current = {{}, plan_key(key), request->cost, place_of(queue, &input->queues), place_of(klass, &input->classes)};
    const std::pair pair(current.queue, current.klass);
    if (std::find(known.begin(), known.end(), pair) != known.end()) return "";
    known.push_back(pair);
    return missing(config, std::string(queue), std::string(klass));
  };
  Trace trace(in, resolve, input->bytes);
  while (const auto arrival = trace.next()) {
    current.at = arrival->at;
    input->arrivals.push_back(current);
    if (trace.lines() > lines_max) return name + " is longer than can be planned";
  }
  if (!trace.error().empty()) {
    const size_t colon = trace.error().find(": ");
    return fmt::format("{}:{}{}", name, trace.lines(), trace.error().substr(colon));
  }
  if (in.bad()) return name + " cannot be read to its end";
  if (input->arrivals.empty()) return name + " holds no line of a message: time,queue,class,key,cost";
  if (moments_start && trace.starts()) input->starts = *trace.starts();
  return "";
}

std::string read_burst(const BurstSpec& burst, const Config& config, PlanInput* input) {
  if (std::string wrong = missing(config, burst.queue, burst.klass); !wrong.empty()) return wrong;
  PlanArrival arrival;
  arrival.queue = place_of(burst.queue, &input->queues);
  arrival.klass = place_of(burst.klass, &input->classes);
  input->arrivals.reserve(burst.count);
  for (uint64_t i = 0; i < burst.count; ++i) {
    if (burst.keys > 0) arrival.key = plan_key("key " + std::to_string(i % burst.keys));
    input->arrivals.push_back(arrival);
  }
  return "";
}

std::string why_not_planned(const Config& config, const PlanInput& input) {
  std::vector<bool> seen(input.queues.size() * input.classes.size());
  for (const PlanArrival& arrival : input.arrivals) {
    const size_t pair = arrival.queue * input.classes.size() + arrival.klass;
    if (seen[pair]) continue;
    seen[pair] = true;
    if (std::string wrong = missing(config, input.queues[arrival.queue], input.classes[arrival.klass]); !wrong.empty())
      return wrong;
  }
  return "";
}

}  // namespace forebay::sim
