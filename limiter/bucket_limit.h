// BucketLimit: {rate, burst}, for downstreams that are token buckets. Any half-open window of length L holds
// at most burst − 1 + ⌈L·rate⌉ sends, wherever it is laid, after an hour of idling too. It counts departures:
// what the network bunches up on the way is not seen. A token is spent by the attempt, answered, sent or not;
// only time brings it back.
#pragma once

#include <string>

#include "config/config.h"
#include "limiter/gcra.h"
#include "limiter/limit.h"

namespace forebay {

class BucketLimit final : public Limit {
 public:
  explicit BucketLimit(const LimitConfig& config);

  const std::string& name() const override { return name_; }
  Instant next(Now now, uint32_t cost) const override;
  void take(Now now, uint32_t cost) override;
  void settle(Taken, Now, SettledAs) override {}
  uint64_t effective() const override { return burst_; }
  double utilization(Now now) const override;
  double rate_per_second() const override { return gcra_.rate_per_second(); }

  Instant estimate(Now now, uint64_t k) const;
  uint64_t burst() const { return burst_; }
  Gcra& gcra() { return gcra_; }
  const Gcra& gcra() const { return gcra_; }

  // Every token is spent as of `now`: the first send is one interval away.
  void empty(Now now);
  // Tokens that are spent stay spent.
  void reconfigure(const LimitConfig& config, Now now);

 private:
  std::string name_;
  uint64_t burst_;
  Gcra gcra_;
  Gcra::Span early_one_;  // tolerance of a send of cost 1: burst − 1 intervals
};

}  // namespace forebay
