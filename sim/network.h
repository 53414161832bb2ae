// Network: how long a request takes to the downstream and its reply back. Requests may overtake each other: each has a
// connection of its own.
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace forebay::sim {

class Network {
 public:
  enum class Kind {
    fixed,  // `round_trip`, half of it each way
    lan,    // 0.1 to 0.6 ms each way
    wan,    // 10 ms each way and a lognormal of median 1.5 ms on top; 1 in 2,000 ways stalls for 200 ms more
  };
  Network(Kind kind, Duration round_trip, uint64_t seed) : kind_(kind), round_trip_(round_trip), random_(seed) {}

  // From `at` of the world's time on the way there is shorter by that (not below 0), as if a route had changed.
  void faster(Instant at, Duration by) { faster_from_ = at, faster_by_ = by; }

  Duration there(Instant now);
  Duration back();

 private:
  Duration one_way();

  Kind kind_;
  Duration round_trip_;
  Random random_;
  Instant faster_from_ = Instant::never();
  Duration faster_by_;
};

}  // namespace forebay::sim
