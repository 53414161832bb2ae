#include "limiter/bucket_limit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "generators.h"

namespace forebay {
namespace {

Now at(int64_t ns) {
  return {Instant{ns}, {}};
}

RC_GTEST_PROP(BucketLimit, NoWindowOfAnyLengthHoldsMoreThanItsBound, ()) {
  const uint64_t count = *rc::gen::element<uint64_t>(1, 3, 300, 7919, 1'000'000'000);
  const Duration per =
      *rc::gen::element(Duration::seconds(1), Duration::minutes(1), Duration::nanoseconds(999'999'937));
  const uint64_t burst = *rc::gen::element<uint64_t>(1, 2, 50, 1000);
  BucketLimit limit(bucket(count, per, burst));
  Downstream departures;
  Random random(draw_seed());
  int64_t now = draw_start();
  const int64_t interval = per.ns / static_cast<int64_t>(count) + 1;
  for (int i = 0; i < 3000; i++) {
    // Mostly as fast as it goes; some pauses of the order of an interval, some of an hour.
    const uint64_t kind = random.below(50);
    if (kind == 0) now += Duration::hours(1).ns;
    if (kind >= 1 && kind <= 5) now += static_cast<int64_t>(random.below(static_cast<uint64_t>(interval) * 4));
    const auto cost = static_cast<uint32_t>(random.below(std::min<uint64_t>(burst, 3)) + 1);
    const Instant next = limit.next(at(now), cost);
    RC_ASSERT(!next.is_never());
    if (next.ns > now) RC_ASSERT(limit.next(at(next.ns - 1), cost) == next);
    now = next.ns;
    limit.take(at(now), cost);
    departures.counts(now, cost);
  }
  RC_ASSERT(!departures.any_window_above(burst - 1, count, per));
}

TEST(BucketLimit, AnHourIdleThenABurstIsABurstAndNoMore) {
  BucketLimit limit(bucket(300, Duration::seconds(1), 50));
  Downstream departures;
  int64_t now = Duration::hours(1).ns;
  const int64_t end = now + Duration::seconds(2).ns;
  while (now < end) {
    now = limit.next(at(now), 1).ns;
    limit.take(at(now), 1);
    departures.counts(now, 1);
  }
  EXPECT_EQ(departures.worst(Duration::nanoseconds(1)), 50u);
  EXPECT_EQ(departures.worst(Duration::seconds(1)), 349u);
  EXPECT_FALSE(departures.any_window_above(49, 300, Duration::seconds(1)));
  EXPECT_TRUE(departures.any_window_above(48, 300, Duration::seconds(1)));
}

TEST(BucketLimit, TheSearchOverAllWindowsFindsASingleSendTooMany) {
  Downstream departures;
  for (int i = 0; i < 50; i++) departures.counts(0, 1);
  EXPECT_FALSE(departures.any_window_above(49, 300, Duration::seconds(1)));
  departures.counts(3'333'333, 1);  // its turn is at 3,333,334
  EXPECT_TRUE(departures.any_window_above(49, 300, Duration::seconds(1)));
}

TEST(BucketLimit, ACostAboveTheBurstIsNeverTaken) {
  const BucketLimit limit(bucket(300, Duration::seconds(1), 50));
  EXPECT_TRUE(limit.next(at(0), 51).is_never());
  EXPECT_EQ(limit.next(at(0), 50), Instant{0});
}

TEST(BucketLimit, EmptyIsOneIntervalFromTheNextSendAndFullAgainAfterABurstOfThem) {
  BucketLimit limit(bucket(100, Duration::seconds(1), 10));
  limit.empty(at(0));
  EXPECT_EQ(limit.next(at(0), 1), Instant{} + Duration::milliseconds(10));
  EXPECT_EQ(limit.next(at(0), 10), Instant{} + Duration::milliseconds(100));
  EXPECT_DOUBLE_EQ(limit.utilization(at(0)), 1.0);
  EXPECT_DOUBLE_EQ(limit.utilization(at(50'000'000)), 0.5);
}

TEST(BucketLimit, TheEstimateIsTheTimeOfTheKthSend) {
  BucketLimit limit(bucket(300, Duration::seconds(1), 5));
  BucketLimit played = limit;
  for (uint64_t k = 1; k < 50; k++) {
    const Now now = at(played.next(at(0), 1).ns);
    EXPECT_EQ(limit.estimate(at(0), k), now.steady);
    played.take(now, 1);
  }
}

}  // namespace
}  // namespace forebay
