#include "sim/network.h"

#include <algorithm>
#include <cmath>

#include "sim/draw.h"

namespace forebay::sim {

Duration Network::one_way() {
  switch (kind_) {
    case Kind::fixed:
      return round_trip_ / 2;
    case Kind::lan:
      return uniform(random_, Duration::microseconds(100), Duration::microseconds(600));
    case Kind::wan:
      break;
  }
  const double jitter_ms = lognormal(random_, 1.5, 0.5);
  const Duration stall = random_.below(2'000) == 0 ? Duration::milliseconds(200) : Duration{};
  return Duration::milliseconds(10) + Duration{std::llround(jitter_ms * 1e6)} + stall;
}

Duration Network::there(Instant now) {
  const Duration takes = one_way();
  return now < faster_from_ ? takes : std::max(Duration{}, takes - faster_by_);
}

Duration Network::back() {
  return one_way();
}

}  // namespace forebay::sim
