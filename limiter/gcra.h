// Gcra: the generic cell rate algorithm (ITU-T I.371), one number of state: the theoretical arrival time.
// A send of cost c moves it on by c·T, T = per/count, from where it stands or from now, whichever is later.
// The time is whole nanoseconds plus a fraction of `count` parts, so exact for
// any count up to 1e9 and any `per` up to 400 days.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace forebay {

class Gcra {
 public:
  // n/count of `per`, as whole nanoseconds and a rest in parts of `count` (rest < count).
  struct Span {
    int64_t ns = 0;
    uint64_t parts = 0;
  };

  Gcra(uint64_t count, Duration per);

  // n intervals T.
  Span intervals(uint64_t n) const;
  // The first whole nanosecond, `now` or later, that is at most `early` before the theoretical arrival time.
  Instant next(Instant now, Span early) const;
  // Strict: what a send is later than its turn is lost, be it the fraction of a nanosecond that next() rounds
  // up.
  void take(Instant now, uint64_t cost);
  // In turn: a send's moment is said by no_earlier_than() first, and the fraction that next() rounds up is kept: no
  // drift, for which two sends may be a nanosecond nearer than T.
  void no_earlier_than(Instant at);
  void take_in_turn(uint64_t cost) { move_on(cost); }

  uint64_t count() const { return count_; }
  Duration per() const { return per_; }
  double rate_per_second() const { return static_cast<double>(count_) / per_.as_seconds(); }

  // Rounded up to a nanosecond.
  Instant theoretical() const;
  void set_theoretical(Instant at) { whole_ = at.ns, parts_ = 0; }
  // Another rate from here on. What is owed is kept in sends, rounded up: as many of the new intervals.
  void reconfigure(uint64_t count, Duration per, Instant now);

 private:
  void move_on(uint64_t cost);

  uint64_t count_;
  Duration per_;
  Span one_;
  int64_t whole_ = INT64_MIN;
  uint64_t parts_ = 0;
};

}  // namespace forebay
