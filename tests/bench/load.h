// Filling a relay and waiting for it.
#pragma once

#include "world.h"

namespace forebay::bench {

// Publishes `count` messages (rounded up to whole batches) and returns how many that were.
uint64_t fill(const Relay& relay, uint64_t count, const std::string& queue = "q");
// Until nothing waits any more, or the time is over (then the benchmark ends).
void await_empty(const Relay& relay, double seconds_max);

}  // namespace forebay::bench
