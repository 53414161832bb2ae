// RecentCount: how much was counted in the last W, in 65 buckets of W/64: what total() says is of a stretch between W
// and W + W/64 (and 65 ns of rounding) long, so it is above the exact figure by at most what came in a 64th of W, never
// below. 560 bytes. O(1), but for a call that begins a bucket or more, which clears those that are gone by: 65 at most.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"

namespace forebay {

class RecentCount {
 public:
  explicit RecentCount(Duration w) : span_(w), width_(std::max<int64_t>((w.ns + parts - 1) / parts, 1)) {}

  void add(Instant now, uint64_t count) {
    turn_to(now);
    bucket(current_) += count;
    total_ += count;
  }
  uint64_t total(Instant now) {
    turn_to(now);
    return total_;
  }
  // When the oldest of them will have been counted W ago, a 64th of W late at most; `now` if there is none.
  Instant oldest_leaves(Instant now) {
    turn_to(now);
    for (int64_t n = current_ - parts; total_ > 0 && n <= current_; n++) {
      if (bucket(n) > 0) return Instant{(n + 1) * width_} + span_;
    }
    return now;
  }

 private:
  static constexpr int64_t parts = 64;

  uint64_t& bucket(int64_t n) { return buckets_[static_cast<uint64_t>(n) % (parts + 1)]; }
  void turn_to(Instant now) {
    if (now.ns < (current_ + 1) * width_) return;
    const int64_t number = now.ns / width_;
    for (int64_t n = std::max(current_ + 1, number - parts); n <= number; n++) {
      total_ -= bucket(n);
      bucket(n) = 0;
    }
    current_ = number;
  }

  Duration span_;
  int64_t width_;
  int64_t current_ = 0;  // number of the bucket of now: time / width
  uint64_t total_ = 0;
  std::array<uint64_t, parts + 1> buckets_{};
};

}  // namespace forebay
