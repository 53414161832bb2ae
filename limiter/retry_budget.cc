#include "limiter/retry_budget.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace forebay {

RetryBudget::RetryBudget(double share) : earned_(0), credit_(0) {
  reconfigure(share);
  credit_ = saved();
}

void RetryBudget::sent(bool retry) {
  credit_ += earned_;
  if (retry) credit_ -= std::min(credit_, one);
  credit_ = std::min(credit_, saved());
}

void RetryBudget::reconfigure(double share) {
  assert(share >= 0 && share <= 1);
  earned_ = static_cast<uint64_t>(std::round(share * static_cast<double>(one)));
  credit_ = std::min(credit_, saved());
}

}  // namespace forebay
