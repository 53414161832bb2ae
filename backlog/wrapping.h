// Sums and differences of times as the journal writes them: modulo 2^64, so that what damaged bytes say is some time
// and not undefined, and what was written comes back whatever it was.
#pragma once

#include <cstdint>

namespace forebay {

constexpr int64_t wrapping_sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
constexpr int64_t wrapping_difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

}  // namespace forebay
