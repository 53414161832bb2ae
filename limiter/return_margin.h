// ReturnMargin: g, how much earlier than a full window after its reply a permit may come home.
//
//   g = max(0, 0.9 · (least round trip of this 10-minute period and the one before) − 5 ms)      [design, 4]
//   g = 0 for the first 100 replies of an address, and when both periods are without a reply
//
// Why it is safe. A permit is held from before the send until its reply, plus W − g. Let y be counted by the
// downstream at a, and its reply reach us at s = a + b, b its way back. A message z that takes y's permit
// leaves at s + W − g at the earliest, and is counted f later, f its way out: W + (f + b − g) or more after
// y. So as long as g ≤ least way out + least way back, no window of length W counts both. The least *round
// trip* seen is an upper estimate of that sum only when one round trip had both the least way out and the
// least way back; hence the tenth and the 5 ms (without the 5 ms, 301 arrivals in one second were seen on
// loopback).
//
// If the way out suddenly gets faster by d, ⌈N·min(d, g)/W⌉ more may be counted, once, while sends are spread
// by a pace; without one, up to N more.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace forebay {

class ReturnMargin {
 public:
  static constexpr Duration period = Duration::minutes(10);
  static constexpr int replies_min = 100;
  static constexpr Duration slack = Duration::milliseconds(5);

  // A complete reply to a send of `taken` was read at `settled`. Sends from before the last reset() are
  // ignored.
  void observe(Instant taken, Instant settled);
  // A new address: what was learnt of the old one is void.
  void reset(Instant now);

  // g at `at`, which is not before the last observe().
  Duration at(Instant at) const;
  // at() gives the same for every moment from `at` to before this one.
  Instant constant_until(Instant at) const;

 private:
  static int64_t period_of(Instant at);
  // Is that its period? Asked twice a send, and a division takes as long as the rest of it.
  bool is_current(Instant at) const {
    return at.ns >= current_ * period.ns && at.ns - current_ * period.ns < period.ns;
  }
  void turn_to(int64_t period_number);

  int64_t current_ = 0;  // number of the period of least_
  Duration least_ = Duration::max();
  Duration least_before_ = Duration::max();
  int replies_ = 0;
  Instant since_{INT64_MIN};
};

}  // namespace forebay
