// Pace: spreads the sends of a window evenly, so that a full window never leaves at once. Sends have turns, one every
// T = W/N of the shortest window (GCRA: integers, no drift); nothing leaves before its turn. It is no limit of its own;
// it goes by the name of the window that it spreads.
//
// What a send is later than its turn, and what becomes of the turns after it:
//   late wake   The sender waited for `due` and was woken after it: the turns stay, so what was missed follows at once,
//               as far as `tolerance` reaches back, never beyond.
//   late permit The sender waited, but not for its turn: for a permit, until `due`. The turns move by 10/N of the delay
//               (a tenth of a W's worth of sends makes up for all of it). Under saturation permits come home W after
//               their replies, so a clump of replies would leave as a clump again every W; moved turns spread it
//               within a few W, while one late reply costs next to nothing. Moving by the whole delay would cost the
//               *worst* round trip of every W; not moving would keep every clump for ever. A delay above the tolerance
//               counts as idling.
//   idle        Nobody waited: the turns begin anew with this send. An hour without messages earns nothing.
//
// Hence: at one instant at most 1 + ⌊tolerance/T⌋, in any window of length L at most that + ⌈L/T⌉, and that only after
// late wakes or late permits: after idling, a sender that is woken on time leaves at least T between sends, so
// ⌈L/T⌉ in any L. The long-run rate is N/W exactly. Pure function of the calls made.
#pragma once

#include <algorithm>

#include "base/time.h"
#include "limiter/gcra.h"

namespace forebay {

class Pace {
 public:
  Pace(uint64_t count, Duration per, Duration tolerance) : gcra_(count, per), tolerance_(tolerance) {}

  Instant next(Instant now) const { return gcra_.next(now, {}); }
  // Only when next(now) <= now. `due`, now or before: when the sender was to leave by all limits, as it had been told
  // when it began to wait; never(): it did not wait.
  void take(Instant now, Instant due, uint64_t cost) {
    gcra_.no_earlier_than(turns_from(now, due));
    gcra_.take_in_turn(cost);
  }
  // When the k-th further send (k from 1) has its turn.
  Instant estimate(Instant now, uint64_t k) const {
    Gcra later = gcra_;
    later.no_earlier_than(now);
    if (k > 1) later.take_in_turn(k - 1);
    return later.next(now, {});
  }
  uint64_t count() const { return gcra_.count(); }
  Duration per() const { return gcra_.per(); }
  Duration tolerance() const { return tolerance_; }

  void reconfigure(uint64_t count, Duration per, Duration tolerance, Instant now) {
    gcra_.reconfigure(count, per, now);
    tolerance_ = tolerance;
  }

 private:
  // The moment that the turn of a send at `now` is brought forward to, if it was before that.
  Instant turns_from(Instant now, Instant due) const {
    if (due > now) return now;
    const Instant turn = gcra_.theoretical(), reach = now - tolerance_;
    if (turn >= due) return std::max(turn, reach);
    if (turn < due - tolerance_) return std::max(due, reach);
    const auto spread = static_cast<int64_t>(std::max<uint64_t>(gcra_.count() / 10, 1));
    return std::max(turn + (due - turn) / spread, reach);
  }

  Gcra gcra_;
  Duration tolerance_;
};

}  // namespace forebay
