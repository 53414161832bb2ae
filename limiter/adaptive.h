// Adaptive: how many sends per W a sink is given while it says "too many" below its configured N. Learnt from replies
// alone; a restart forgets it. It changes inside accepted() and refused() and never between them: asking a limit
// when it will agree stays exact, and a sink that nobody sends to is not thought better of.
//
//   lowering  To 0.95 of what was accepted in the last W, rounded up; but by one at least, to half at most, not below
//             floor·N or 1. At most once per W, and never for a send that was taken before the last lowering: what
//             was in flight with the first refusal belongs to it.
//             Half at most, and not at all if none was: after a closure the last W holds few, and says little.
//   raising   After each clean P = max(W, 1 s), counted from the first accepted send that was taken since: by 2 % of N
//             five times, then by 4, 8, 16 ... % until refused again or whole.
//   probe     A refusal while raising, or within P of the last raise: to 0.98 of what was accepted, and that is kept
//             for 15 P. The first raise after it is 2 % again, which finds a limit that did not move at the price of
//             one refusal; if that goes well the limit did move, and 8, 32 ... % follow: whole 19 P after it moved.
//
// 0.95, 0.98 and the steps are design section 4. `accepted in the last W` is by the moment the replies were read, in
// buckets of W/64: up to a 64th of W too much, never too little (recent_count.h). Costs count as such.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "limiter/limit.h"
#include "limiter/recent_count.h"

namespace forebay {

class Adaptive {
 public:
  // `count` sends per `per`; `floor`: the share of count that it is never lowered below, 0 to 1.
  Adaptive(uint64_t count, Duration per, double floor);

  // The bound in force, 1 to count.
  uint64_t effective() const { return effective_; }
  // A complete reply was read. `taken` as it was when the send left. True: effective() is another one now.
  bool accepted(Taken taken, Now now);
  bool refused(Taken taken, Now now);
  // How long a refusal that names no time closes the sink, asked after refused(); 0 to W.
  Duration back_off(Now now) const;

  // Another N, the same W. What was whole is whole, else it stays where it is if N allows that.
  void reconfigure(uint64_t count, double floor);
  Duration per() const { return per_; }

 private:
  void lower(Now now);
  void raise(Now now);
  uint64_t least() const;

  uint64_t count_;
  Duration per_;
  Duration period_;  // P
  double floor_;
  uint64_t effective_;
  RecentCount accepted_;
  Instant lowered_at_;  // and at once held to be the start of one event
  Instant raised_at_;   // only while raising_
  Instant clean_since_ = Instant::never();
  Instant hold_until_;
  Instant closed_until_;
  bool raising_ = false;     // raised since the last lowering
  uint32_t steps_ = 0;       // raises since the last lowering
  uint32_t even_steps_ = 5;  // raises of 2 % before they double
};

}  // namespace forebay
