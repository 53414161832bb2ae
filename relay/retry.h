// When a failed message is tried again: exponential backoff with full jitter.
// Source: M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): of the variants compared
// there, a wait drawn uniformly from [0, min(cap, base * 2^attempt)] does least work until all are through.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.h"
#include "base/time.h"
#include "config/config.h"

namespace forebay {

// The longest wait after the `attempts`-th failed attempt (1 for the first).
inline Duration backoff_ceiling(const RetryConfig& retry, uint32_t attempts) {
  int64_t ns = std::max<int64_t>(retry.min_backoff.ns, 1);
  for (uint32_t i = 1; i < attempts && ns < retry.max_backoff.ns; ++i) ns *= 2;
  return Duration{std::min(ns, std::max(retry.max_backoff.ns, retry.min_backoff.ns))};
}

// Drawn from [min_backoff / 2, ceiling]: never at once, so that a failing sink is not met by the same message twice
// in a millisecond, yet spread over the whole range.
inline Duration backoff(const RetryConfig& retry, uint32_t attempts, Random& random) {
  const int64_t low = retry.min_backoff.ns / 2;
  const int64_t high = std::max(backoff_ceiling(retry, attempts).ns, low);
  return Duration{low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low) + 1))};
}

}  // namespace forebay
