#include "relay/cli/gateway_limit.h"

#include <cassert>
#include <limits>

namespace forebay {

SlidingLimit::SlidingLimit(RateSpec rate) : rate_(rate) {
  assert(rate.count > 0 && rate.per.ns > 0);
}

int64_t SlidingLimit::free_at_ns() const {
  if (stamps_.size() < rate_.count) return std::numeric_limits<int64_t>::min();
  return stamps_[oldest_] + rate_.per.ns;
}

bool SlidingLimit::take(int64_t now_ns) {
  if (now_ns < free_at_ns()) return false;
  if (stamps_.size() < rate_.count) {
    assert(stamps_.empty() || stamps_.back() <= now_ns);
    stamps_.push_back(now_ns);
    return true;
  }
  stamps_[oldest_] = now_ns;
  if (++oldest_ == stamps_.size()) oldest_ = 0;
  return true;
}

}  // namespace forebay
