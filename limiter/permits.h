// Permits: N rights to send. A send takes some; each comes home
//   answered    at  settle + max(0, hold − g)     g looked up at release, see return_margin.h
//   unanswered  at  settle + hold                 settle = close + grace, a moment in the future
//   not sent    at once
// An unanswered send gets no margin: the downstream may count it in the last moment of its grace, and then
// nothing came back in whose travel time the margin could lie.
//
// Invariant: free + out + held = N (free is negative only after N was lowered with permits out or held, or by a cost
// above a lowered N). O(1) amortised for each verb; memory bounded by 4,096 entries plus those of sends without a
// reply, however large N is (above that N, times are rounded late by hold/4000; below it they are exact).
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "limiter/return_margin.h"
#include "limiter/settle_times.h"

namespace forebay {

class Permits {
 public:
  // `margin` may be null: g = 0 always. It must outlive this.
  Permits(uint64_t count, Duration hold, const ReturnMargin* margin);

  // The earliest moment, now or later, with `cost` permits free (all N, if it costs more); never() if only a settle can
  // bring them.
  Instant next(Instant now, uint64_t cost) const;
  // Only when next() says so. A cost above N takes N free permits and is in debt for the rest.
  void take(Instant now, uint64_t cost);
  void settle_answered(Instant now, uint64_t cost);
  void settle_unanswered(Instant counted_by, uint64_t cost);
  void settle_not_sent(uint64_t cost);

  // Permits neither free nor out at `now`, and those out.
  uint64_t held(Instant now) const;
  uint64_t out() const { return out_; }
  uint64_t count() const { return count_; }
  Duration hold() const { return hold_; }

  // When the k-th further permit could be taken (k from 1) if everything were answered at once. O(log N).
  Instant estimate(Instant now, uint64_t k) const;
  // `at` and so many holds; never() when that is centuries away.
  Instant rounds_after(Instant at, uint64_t rounds) const;

  void reconfigure(uint64_t count, Duration hold, const ReturnMargin* margin);
  // Another N for a while, 1 to the configured one; times stay as exact as they were.
  void set_count(uint64_t count);

  // For moving and recording history. Instants are settles; those yet to come are in unanswered().
  const SettleTimes& answered() const { return answered_; }
  const SettleTimes& unanswered() const { return unanswered_; }
  // These permits are away as if settled then, without a margin; as many as are free at most, the latest
  // first: what is beyond N would come home before the others and change nothing.
  void spend(std::vector<SettleTimes::Group> groups);
  // `cost` permits are out: taken before this existed, to be settled as any other.
  void assume_out(uint64_t cost);

 private:
  Duration ahead(Instant at) const;
  Instant earliest_home(uint64_t need, Duration ahead) const;
  void bring_home(Instant now);

  uint64_t count_;
  Duration hold_;
  const ReturnMargin* margin_;
  int64_t free_;
  uint64_t out_ = 0;
  SettleTimes answered_;
  SettleTimes unanswered_;
};

}  // namespace forebay
