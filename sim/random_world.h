// A random world, drawn from one seed: a configuration, producers, downstreams that count as the configuration says
// they do, and faults. All checkers hold over it, no downstream refuses anything, and everything is through in the end.
#pragma once

#include <cstdint>

#include "sim/scenario.h"

namespace forebay::sim {

Scenario random_scenario(uint64_t seed);

// Its settings in a few lines, for whoever has to look into it.
std::string describe(const Scenario& scenario);

}  // namespace forebay::sim
