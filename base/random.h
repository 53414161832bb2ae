// Random: a small seeded generator, handed in wherever chance is needed, so that a seed replays a run.
// SplitMix64 (Steele, Lea, Flood 2014): passes BigCrush, one word of state. Not for secrets.
#pragma once

#include <cstdint>

namespace forebay {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); 0 for bound 0. The bias of the multiplication is below bound / 2^64.
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

}  // namespace forebay
