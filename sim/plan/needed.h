// Which rate a sink needs so that no message takes longer than a target, from acceptance to its reply.
//
// The bound: messages sent in order, evenly at r, reach a wait of d at most if and only if
//   r >= sup over i <= j of (c_j - c_i) / (a_j - a_i + d)
// where a_k is when the k-th came and c_k what those before it cost: from the last moment at which nothing waits, i's
// arrival, until j's turn, r lets c_j - c_i through. Then the answer is found by runs of the plan itself, because a
// window is not quite even, classes overtake, and hours and quotas stay: the least N for which the run meets the
// target, while N - 1 does not.
#pragma once

#include <string>
#include <vector>

#include "sim/plan/plan.h"

namespace forebay::sim {

struct Needed {
  std::string sink, limit;  // "137/1s"; with met: false the last that was tried
  double bound = 0;         // of the formula, per second
  bool met = false;         // false: no rate alone does it, and `holds` says what else is in the way
  Duration longest;         // of the run with that limit
  std::string holds;
  uint64_t runs = 0;
  uint64_t events = 0;  // of the core, in all runs
};

// For each sink that the arrivals drain into. `target` is longer than the round trip.
std::vector<Needed> needed(const Config& config, const PlanInput& input, Duration target,
                           const PlanProgress& progress = {});

// The bound above, in cost per second; 0: nothing ever waits.
double least_rate(const std::vector<PlanArrival>& arrivals, Duration wait);

// The config with `count` in any `per` instead of the windows and buckets of that sink and its queues; calendars,
// hours, key limits and the concurrency stay.
Config with_rate(const Config& config, const std::string& sink, uint64_t count, Duration per);

}  // namespace forebay::sim
