#include "limiter/bucket_limit.h"

#include <algorithm>
#include <cassert>

#include "limiter/limit_name.h"

namespace forebay {

BucketLimit::BucketLimit(const LimitConfig& config)
    : name_(limit_name(config)),
      burst_(config.burst),
      gcra_(config.count, config.per),
      early_one_(gcra_.intervals(config.burst - 1)) {
  assert(config.burst >= 1 && config.burst <= 1'000'000'000);
}

Instant BucketLimit::next(Now now, uint32_t cost) const {
  if (cost == 1) return gcra_.next(now.steady, early_one_);
  return cost > burst_ ? Instant::never() : gcra_.next(now.steady, gcra_.intervals(burst_ - cost));
}

void BucketLimit::take(Now now, uint32_t cost) {
  assert(next(now, cost) <= now.steady);
  gcra_.take(now.steady, cost);
}

double BucketLimit::utilization(Now now) const {
  const Instant full = gcra_.next(now.steady, {});
  const double owed = (full - now.steady).as_seconds() * rate_per_second();
  return std::clamp(owed / static_cast<double>(burst_), 0.0, 1.0);
}

Instant BucketLimit::estimate(Now now, uint64_t k) const {
  Gcra later = gcra_;
  if (k > 1) later.take(now.steady, k - 1);
  return later.next(now.steady, early_one_);
}

void BucketLimit::empty(Now now) {
  gcra_.set_theoretical(now.steady);
  gcra_.take(now.steady, burst_);
}

void BucketLimit::reconfigure(const LimitConfig& config, Now now) {
  name_ = limit_name(config);
  burst_ = config.burst;
  gcra_.reconfigure(config.count, config.per, now.steady);
  early_one_ = gcra_.intervals(burst_ - 1);
}

}  // namespace forebay
