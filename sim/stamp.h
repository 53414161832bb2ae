// Stamp: what the messages of a producer look like: queue, class, key, cost, size, delay, ttl.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "relay/core_types.h"

namespace forebay::sim {

// Which keys messages have.
struct KeyModel {
  enum class Kind {
    none,
    uniform,  // one of `keys`, all alike
    hot,      // the first with `hot_share`, else one of the others
    fresh,    // never the same twice: an attack on whoever remembers keys
    round,    // one after the other
  } kind = Kind::none;
  uint64_t keys = 1;
  double hot_share = 0.9;
  uint64_t first = 1;  // keys are numbered from here, so that producers can share them or not
};

class Stamp {
 public:
  AdmitRequest request;  // what all have in common
  KeyModel keys;
  uint32_t cost_most = 0;   // above request.cost: drawn from [request.cost, cost_most]
  uint32_t bytes_most = 0;  // the same
  Duration delay_most;      // above 0: a delay drawn from [0, delay_most]

  AdmitRequest next(Random& random);
  // The hash of the n-th key (from 0) of a model that begins at `first`.
  static KeyHash key_of(uint64_t first, uint64_t n);

 private:
  KeyHash next_key(Random& random);

  uint64_t made_ = 0;
};

}  // namespace forebay::sim
