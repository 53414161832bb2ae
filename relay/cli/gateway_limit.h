// SlidingLimit: at most `count` takes in any half-open window of length `per`, exact in nanoseconds.
//
// Only what it takes is counted. A take at t leaves room again at t + per, not a nanosecond earlier.
// It shares no code with limiter/: it is the outside witness of what Forebay sends.
#pragma once

#include <cstdint>
#include <vector>

#include "relay/cli/spec.h"

namespace forebay {

class SlidingLimit {
 public:
  explicit SlidingLimit(RateSpec rate);
  // True: counted. False: `count` were taken within the last `per`. `now_ns` never goes back (asserted).
  bool take(int64_t now_ns);
  // The earliest time at which take() would succeed; in the past when it would now.
  int64_t free_at_ns() const;

 private:
  RateSpec rate_;
  std::vector<int64_t> stamps_;  // of the last `count` takes; a ring once full
  size_t oldest_ = 0;
};

}  // namespace forebay
