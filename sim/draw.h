// Draws from distributions, of the one seeded generator (base/random.h). The same on every machine up to the last bit
// of log, cos and exp.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/random.h"
#include "base/time.h"

namespace forebay::sim {

// In (0, 1].
inline double uniform(Random& random) {
  return (static_cast<double>(random.next() >> 11) + 1) * 0x1p-53;
}
inline Duration uniform(Random& random, Duration least, Duration most) {
  return least + Duration{static_cast<int64_t>(random.below(static_cast<uint64_t>((most - least).ns) + 1))};
}
inline double exponential(Random& random, double mean) {
  return -std::log(uniform(random)) * mean;
}
// Box and Muller (1958), one of the two.
inline double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(uniform(random)));
  return radius * std::cos(6.283185307179586 * uniform(random));
}
// Its median and the deviation of its logarithm.
inline double lognormal(Random& random, double median, double sigma) {
  return median * std::exp(sigma * normal(random));
}
// A number for a number, as a hash of it: never 0, so fit for a KeyHash.
inline uint64_t mixed(uint64_t n) {
  return Random(n).next() | 1;
}

}  // namespace forebay::sim
