#include "relay/cli/gateway_limit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace forebay {
namespace {

TEST(SlidingLimit, FreesAtExactlyOneWindow) {
  SlidingLimit limit({2, Duration::seconds(1)});
  EXPECT_TRUE(limit.take(100));
  EXPECT_TRUE(limit.take(200));
  EXPECT_FALSE(limit.take(1'000'000'099));
  EXPECT_EQ(limit.free_at_ns(), 1'000'000'100);
  EXPECT_TRUE(limit.take(1'000'000'100));
  EXPECT_FALSE(limit.take(1'000'000'199));
  EXPECT_TRUE(limit.take(1'000'000'200));
}

// What it takes is exactly what a list of all earlier takes would allow.
RC_GTEST_PROP(SlidingLimit, AgreesWithTheListOfAllTakes, ()) {
  const auto count = *rc::gen::inRange<uint64_t>(1, 8);
  const auto per = *rc::gen::inRange<int64_t>(1, 50);
  const auto gaps = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 12));
  SlidingLimit limit({count, Duration{per}});
  std::vector<int64_t> taken;
  int64_t now = 0;
  for (const int64_t gap : gaps) {
    now += gap;
    uint64_t within = 0;
    for (const int64_t at : taken) within += now - at < per;
    const bool allowed = within < count;
    RC_ASSERT((limit.free_at_ns() <= now) == allowed);
    RC_ASSERT(limit.take(now) == allowed);
    if (allowed) taken.push_back(now);
  }
}

}  // namespace
}  // namespace forebay
