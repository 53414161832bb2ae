// Scenario: a world in YAML, and what must come of it. tests/scenarios/README.md says what may be written.
//
//   about    one line
//   config   a Forebay configuration, checked as the program checks it
//   traffic  producers · downstream  a gateway for each sink · faults  what goes wrong, and when
//   for      virtual time; until: idle ends it as soon as everything is through, `for` at the latest
//   expect   figures and their ranges
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "sim/figures.h"
#include "sim/gateway.h"
#include "sim/rhythm.h"
#include "sim/stamp.h"
#include "sim/traffic.h"
#include "sim/world.h"

namespace forebay::sim {

struct TrafficSpec {
  enum class Kind { steady, poisson, burst, ramp } kind = Kind::steady;
  uint64_t count = 1;  // steady: per `per`; burst: at once
  Duration per = Duration::seconds(1);
  Duration from;
  Duration lasts = Duration::max();  // max(): to the end of the scenario
  Duration every;                    // burst and ramp: again after so long; 0: once
  Ramp::Corners corners;
  bool poisson = false;  // ramp: arrivals by chance
  Stamp stamp;
  Patience patience;
};

struct BoundSpec {
  enum class Kind { sliding, fixed, bucket, day } kind = Kind::sliding;
  std::string name;  // as written: "300/1s"
  uint64_t count = 0, burst = 1;
  Duration per, skew;
  std::string zone;
  bool enforce = true;
  std::vector<std::pair<Duration, uint64_t>> levels;
};

struct DownstreamSpec {
  Network::Kind network = Network::Kind::lan;
  Duration round_trip;
  Duration service;
  std::optional<std::pair<Duration, Duration>> faster;  // at, by
  std::vector<BoundSpec> bounds;
  std::vector<KeyMeter::Window> keys;
  bool counts_refused = false, throttle_by_key = false;
  Gateway::RetryAfter retry_after = Gateway::RetryAfter::none;
  Duration fixed_retry_after;
  std::vector<BadStretch> bad;  // in Instants since 0: the scenario's begin
};

struct FaultSpec {
  enum class Kind { kill, power_cut, clock_step, disk_full } kind = Kind::kill;
  Duration at;
  Duration how_long;  // down, full; clock_step: by how much
};

struct Expectation {
  std::string figure;
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  Which which;
  std::string sink;
  std::string bound;                    // of `worst`
  Duration per = Duration::seconds(1);  // of `peak`
  uint64_t k = 0;                       // of `delay_of`
  int line = 0;
};

struct Scenario {
  std::string name, about;
  Config config;
  std::vector<uint64_t> seeds{1};
  WallTime starts = WorldOptions{}.starts;
  SyncTimes sync;
  Duration lasts;
  bool until_idle = false;
  std::optional<Duration> converges;  // after the end: everything through within that
  std::vector<TrafficSpec> traffic;
  std::map<std::string, DownstreamSpec> downstreams;  // by sink; one without has an ideal LAN
  std::vector<FaultSpec> faults;
  std::vector<Expectation> expectations;
};

// Errors in words, with the line where there is one; empty: *scenario is whole.
std::vector<std::string> load_scenario(const std::string& path, Scenario* scenario);
std::vector<std::string> load_scenario_text(const std::string& text, const std::string& name, Scenario* scenario);

struct ScenarioResult {
  std::vector<std::string> failures;  // of expectations and checkers; empty: as it should be
  std::vector<std::string> figures;   // each expectation and what it was
  uint64_t digest = 0;
  WorldCounts counts;
  Duration virtual_time;
};

ScenarioResult run_scenario(const Scenario& scenario, uint64_t seed);

}  // namespace forebay::sim
