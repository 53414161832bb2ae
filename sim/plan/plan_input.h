// PlanInput: what is planned: who sends what and when, and the world it meets. Plain data, independent of a config, so
// that the same can be put before two of them.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "config/config.h"

namespace forebay::sim {

struct PlanArrival {
  Duration at;  // since the start
  KeyHash key = 0;
  uint32_t cost = 1;
  uint16_t queue = 0;  // place in PlanInput::queues
  uint16_t klass = 0;  // place in PlanInput::classes
};

struct PlanInput {
  std::vector<std::string> queues;
  std::vector<std::string> classes{""};  // "": no class is named
  std::vector<PlanArrival> arrivals;     // in order of time
  WallTime starts;
  Duration round_trip = Duration::milliseconds(20);  // of the downstream, which answers everything after so long
  uint32_t bytes = 300;                              // of a message
  double fail = 0;                                   // share of requests that are answered with 500
  Duration most = Duration::days(30);                // what still waits then is said
};

struct BurstSpec {
  std::string queue, klass;
  uint64_t count = 0;
  uint64_t keys = 0;  // above 0: spread over so many, one after the other
};

// What is wrong, or empty: then the arrivals are in *input. `name` is what errors call the trace: "day.csv:7: …". A
// line that names what `config` does not have is one of them. A trace of moments sets input->starts if `moments_start`
// is true.
std::string read_trace(std::istream& in, const std::string& name, const Config& config, bool moments_start,
                       PlanInput* input);
std::string read_burst(const BurstSpec& burst, const Config& config, PlanInput* input);

// Empty: `config` has all the queues and classes; else what it lacks.
std::string why_not_planned(const Config& config, const PlanInput& input);

// As the simulated relay sees a key: the weights of a config's keys hold for it.
KeyHash plan_key(std::string_view key);

}  // namespace forebay::sim
