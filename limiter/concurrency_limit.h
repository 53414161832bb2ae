// ConcurrencyLimit: at most C requests with the downstream at once. Permits with W = 0: home at the settle;
// after an attempt without a reply, a grace later, for a downstream that goes on working on what we gave up
// waiting for. A send takes one permit, whatever its cost. What it does not promise: requests that a killed
// process left behind are not counted by the next one.
#pragma once

#include <string>

#include "limiter/limit.h"
#include "limiter/permits.h"

namespace forebay {

class ConcurrencyLimit final : public Limit {
 public:
  ConcurrencyLimit(uint32_t count, Duration grace) : grace_(grace), permits_(count, Duration{}, nullptr) {}

  const std::string& name() const override { return name_; }
  Instant next(Now now, uint32_t /*cost*/) const override { return permits_.next(now.steady, 1); }
  void take(Now now, uint32_t /*cost*/) override { permits_.take(now.steady, 1); }
  void settle(Taken taken, Now now, SettledAs how) override;
  uint64_t effective() const override { return permits_.count(); }
  double utilization(Now now) const override;
  double rate_per_second() const override;

  uint64_t out() const { return permits_.out(); }
  void reconfigure(uint32_t count, Duration grace);

 private:
  const std::string name_ = "concurrency";
  Duration grace_;
  Permits permits_;
};

}  // namespace forebay
