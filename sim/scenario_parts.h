// The parts of a scenario file: producers, downstreams, and the figures that may be expected. For scenario*.cc only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sim/checkers.h"
#include "sim/scenario.h"
#include "sim/yaml_reading.h"

namespace forebay::sim {

TrafficSpec read_traffic(YamlReading& yaml, const YAML::Node& node, const Config& config);
DownstreamSpec read_downstream(YamlReading& yaml, const YAML::Node& node);
// `queue` and `class` of a map: by number. A class without a queue is one of the first queue.
void read_queue_and_class(YamlReading& yaml, const YAML::Node& node, const Config& config, Which* which);

std::unique_ptr<Gateway> make_gateway(const DownstreamSpec& spec, Instant begin, uint64_t seed);
std::unique_ptr<Traffic> make_traffic(const TrafficSpec& spec, Duration lasts, uint64_t seed);

// Everything that a finished run can be asked.
struct Finished {
  const Figures& figures;
  const Ledger& ledger;
  const Priority& priority;
  const Fairness& fairness;
  World& world;
  std::function<const Gateway*(const std::string& sink)> gateway;  // nullptr: that sink has none
  Duration ended;                                                  // when it was idle, or the end
};

bool is_figure(std::string_view name);
double figure_of(const Finished& finished, const Expectation& expectation);

}  // namespace forebay::sim
