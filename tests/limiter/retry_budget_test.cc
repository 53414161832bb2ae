#include "limiter/retry_budget.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "base/random.h"
#include "generators.h"

namespace forebay {
namespace {

// Retries and first attempts wait all the time; a retry goes whenever it may.
RC_GTEST_PROP(RetryBudget, HoldsOverAnyStretchWhileFirstAttemptsWait, ()) {
  const uint64_t share = *rc::gen::inRange<uint64_t>(0, 101);  // percent
  RetryBudget budget(static_cast<double>(share) / 100);
  Random random(draw_seed());
  int64_t least = 0, ahead = 0;  // 100 · retries − share · sends, and its least so far
  for (int i = 0; i < 5000; i++) {
    const bool wants_retry = random.below(4) > 0;
    const bool retry = wants_retry && budget.allows(true);
    budget.sent(retry);
    ahead += (retry ? 100 : 0) - static_cast<int64_t>(share);
    RC_ASSERT(ahead - least <= 100 * static_cast<int64_t>(RetryBudget::saved_max));
    least = std::min(least, ahead);
  }
}

TEST(RetryBudget, GivesAllThatItPromises) {
  RetryBudget budget(0.1);
  int retries = 0;
  for (int i = 0; i < 100'000; i++) {
    const bool retry = budget.allows(true);
    budget.sent(retry);
    retries += retry;
  }
  EXPECT_GE(retries, 10'009);
  EXPECT_LE(retries, 10'010);
}

TEST(RetryBudget, IsFreeWhileNothingElseWaitsAndOwesNothingAfterwards) {
  RetryBudget budget(0.1);
  for (int i = 0; i < 1000; i++) {
    ASSERT_TRUE(budget.allows(false));
    budget.sent(true);
  }
  EXPECT_FALSE(budget.allows(true));
  for (int i = 0; i < 10; i++) budget.sent(false);
  EXPECT_TRUE(budget.allows(true));
}

TEST(RetryBudget, AShareOfOneIsNoBoundAndOfZeroNoRetry) {
  RetryBudget all(1);
  for (int i = 0; i < 1000; i++) {
    ASSERT_TRUE(all.allows(true));
    all.sent(true);
  }
  RetryBudget none(0);
  EXPECT_FALSE(none.allows(true));
  for (int i = 0; i < 1000; i++) none.sent(false);
  EXPECT_FALSE(none.allows(true));
  EXPECT_TRUE(none.allows(false));
  none.reconfigure(0.5);
  for (int i = 0; i < 2; i++) none.sent(false);
  EXPECT_TRUE(none.allows(true));
}

}  // namespace
}  // namespace forebay
