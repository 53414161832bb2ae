// Pace: spreads the sends of a window evenly, so that a full window never leaves at once: one every W/N of
// the shortest window. A send may come up to `tolerance` before its turn, so that a late wake-up is made up
// for within the tolerance and never beyond: 1 + ⌊tolerance·N/W⌋ at one instant, N/W in the long run,
// exactly. It is no limit of its own; it goes by the name of the window that it spreads.
#pragma once

#include "base/time.h"
#include "limiter/gcra.h"

namespace forebay {

class Pace {
 public:
  Pace(uint64_t count, Duration per, Duration tolerance) : gcra_(count, per), early_{tolerance.ns, 0} {}

  Instant next(Instant now) const { return gcra_.next(now, early_); }
  void take(Instant now, uint64_t cost) { gcra_.take_in_turn(now, cost); }
  // When the k-th further send (k from 1) has its turn.
  Instant estimate(Instant now, uint64_t k) const {
    Gcra later = gcra_;
    if (k > 1) later.take_in_turn(now, k - 1);
    return later.next(now, early_);
  }
  uint64_t count() const { return gcra_.count(); }
  Duration per() const { return gcra_.per(); }
  Duration tolerance() const { return {early_.ns}; }

  void reconfigure(uint64_t count, Duration per, Duration tolerance, Instant now) {
    gcra_.reconfigure(count, per, now);
    early_ = {tolerance.ns, 0};
  }

 private:
  Gcra gcra_;
  Gcra::Span early_;
};

}  // namespace forebay
