// RelayTime: milliseconds that look like Unix time but run by the steady clock: the wall clock at start plus the
// steady time since. What waits (delays, retries, ttl) waits by it, so that a stepped wall clock changes neither
// what is due nor in which order; and it can be journalled, because the next start begins from the wall clock.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace forebay {

class RelayTime {
 public:
  explicit RelayTime(Now start) : start_(start) {}
  int64_t ms(Now now) const { return ms_at(now.steady); }
  int64_t ms_at(Instant t) const { return (start_.wall.ns + (t - start_.steady).ns) / 1'000'000; }
  // The first Instant at which ms() reads at least `ms`.
  Instant instant(int64_t ms) const { return start_.steady + Duration{ms * 1'000'000 - start_.wall.ns}; }
  // What the wall clock would show at that Instant had it not been stepped since the start.
  WallTime wall(Instant t) const { return start_.wall + (t - start_.steady); }

 private:
  Now start_;
};

}  // namespace forebay
