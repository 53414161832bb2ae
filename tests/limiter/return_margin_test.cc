#include "limiter/return_margin.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace forebay {
namespace {

Instant at_ms(int64_t ms) {
  return Instant{ms * 1'000'000};
}

void observe_many(ReturnMargin* margin, int replies, int64_t at, int64_t round_trip_ms) {
  for (int i = 0; i < replies; i++) margin->observe(at_ms(at - round_trip_ms), at_ms(at));
}

TEST(ReturnMargin, IsNothingForTheFirstHundredReplies) {
  ReturnMargin margin;
  observe_many(&margin, 99, 1000, 100);
  EXPECT_EQ(margin.at(at_ms(1000)), Duration{});
  observe_many(&margin, 1, 1000, 100);
  EXPECT_EQ(margin.at(at_ms(1000)), Duration::milliseconds(85));
}

TEST(ReturnMargin, IsNineTenthsOfTheLeastLessFiveMilliseconds) {
  ReturnMargin margin;
  observe_many(&margin, 200, 1000, 100);
  observe_many(&margin, 1, 1001, 40);
  observe_many(&margin, 200, 1002, 100);
  EXPECT_EQ(margin.at(at_ms(1002)), Duration::milliseconds(31));
  observe_many(&margin, 1, 1003, 5);
  EXPECT_EQ(margin.at(at_ms(1003)), Duration{});
}

TEST(ReturnMargin, RemembersThisPeriodAndTheOneBefore) {
  ReturnMargin margin;
  const int64_t period = ReturnMargin::period.ms();
  observe_many(&margin, 100, period - 1, 20);
  observe_many(&margin, 1, period, 100);
  EXPECT_EQ(margin.at(at_ms(2 * period - 1)), Duration::milliseconds(13));
  EXPECT_EQ(margin.at(at_ms(2 * period)), Duration::milliseconds(85));
  EXPECT_EQ(margin.at(at_ms(3 * period)), Duration{});
}

TEST(ReturnMargin, ForgetsAtANewAddressAndIgnoresRepliesOfTheOldOne) {
  ReturnMargin margin;
  observe_many(&margin, 200, 1000, 100);
  margin.reset(at_ms(1001));
  observe_many(&margin, 200, 1050, 100);
  EXPECT_EQ(margin.at(at_ms(1050)), Duration{});
  observe_many(&margin, 100, 1200, 50);
  EXPECT_EQ(margin.at(at_ms(1200)), Duration::milliseconds(40));
}

// Against the definition: all samples kept.
RC_GTEST_PROP(ReturnMargin, FollowsItsDefinition, ()) {
  ReturnMargin margin;
  std::vector<std::pair<int64_t, int64_t>> samples;  // settled, round trip
  int64_t now = *rc::gen::inRange<int64_t>(0, int64_t{1} << 50);
  const int64_t period = ReturnMargin::period.ns;
  for (int i = 0; i < 300; i++) {
    now += *rc::gen::oneOf(rc::gen::inRange<int64_t>(0, 1'000'000'000), rc::gen::inRange<int64_t>(0, period * 2));
    const int64_t round_trip = *rc::gen::inRange<int64_t>(0, 300'000'000);
    margin.observe(Instant{now - round_trip}, Instant{now});
    samples.push_back({now, round_trip});
    const int64_t asked = now + *rc::gen::inRange<int64_t>(0, 3 * period);
    const auto defined = [&](int64_t at) {
      int64_t least = INT64_MAX;
      for (const auto& [settled, trip] : samples) {
        if (settled / period >= at / period - 1) least = std::min(least, trip);
      }
      return samples.size() < 100 || least == INT64_MAX ? 0 : std::max<int64_t>(0, least / 10 * 9 - 5'000'000);
    };
    RC_ASSERT(margin.at(Instant{asked}).ns == defined(asked));
    const Instant until = margin.constant_until(Instant{asked});
    RC_ASSERT(until.ns > asked);
    if (!until.is_never()) RC_ASSERT(margin.at(Instant{until.ns - 1}) == margin.at(Instant{asked}));
    if (until.is_never()) RC_ASSERT(margin.at(Instant{asked + 5 * period}) == margin.at(Instant{asked}));
  }
}

}  // namespace
}  // namespace forebay
