#include "limiter/pace.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "generators.h"

namespace forebay {
namespace {

RC_GTEST_PROP(Pace, CatchesUpWithinTheToleranceAndNeverBeyond, ()) {
  const uint64_t count = *rc::gen::element<uint64_t>(1, 7, 300, 10'000);
  const Duration per = *rc::gen::element(Duration::seconds(1), Duration::minutes(1));
  const Duration tolerance =
      *rc::gen::element(Duration{}, Duration::milliseconds(50), Duration::milliseconds(333));
  Pace pace(count, per, tolerance);
  Downstream departures;
  Random random(draw_seed());
  Instant now{draw_start()};
  for (int i = 0; i < 2000; i++) {
    if (random.below(20) == 0)
      now = now + Duration{static_cast<int64_t>(random.below(200'000'000))};  // woken late
    const Instant next = pace.next(now);
    if (next > now) RC_ASSERT(pace.next(next - Duration{1}) == next);
    now = next;
    pace.take(now, 1);
    departures.counts(now.ns, 1);
  }
  const auto early = static_cast<uint64_t>(static_cast<__int128>(tolerance.ns) * count / per.ns);
  RC_ASSERT(departures.worst(Duration{1}) <= 1 + early);
  // tolerance/T may be a fraction: what it allows is its ceiling over any window.
  RC_ASSERT(!departures.any_window_above(early + 1, count, per));
}

TEST(Pace, DoesNotDriftInAWeek) {
  // 1/7 s is no whole number of nanoseconds.
  Pace pace(7, Duration::seconds(1), Duration{});
  const uint64_t week_sends = 7ull * 7 * 24 * 3600;
  Instant now{12345};
  for (uint64_t i = 0; i < week_sends; i++) {
    now = pace.next(now);
    pace.take(now, 1);
  }
  EXPECT_EQ(pace.next(now), Instant{12345} + Duration::days(7));
}

TEST(Pace, LateWakesWithinTheToleranceCostNothingInTheLongRun) {
  Pace pace(300, Duration::seconds(1), Duration::milliseconds(50));
  Random random(1);
  int64_t now = 0;
  uint64_t sent = 0;
  while (now < Duration::minutes(10).ns) {
    if (pace.next(Instant{now}).ns > now) {
      now = pace.next(Instant{now}).ns + static_cast<int64_t>(random.below(20'000'000));
      continue;
    }
    pace.take(Instant{now}, 1);
    sent++;
  }
  EXPECT_GE(sent, 300u * 600 - 10);
  EXPECT_LE(sent, 300u * 600 + 16);
}

TEST(Pace, ACostTakesItsTurns) {
  Pace pace(100, Duration::seconds(1), Duration{});
  pace.take(Instant{0}, 5);
  EXPECT_EQ(pace.next(Instant{0}), Instant{} + Duration::milliseconds(50));
}

// The product of the largest count and the longest window needs 85 bits.
TEST(Pace, TheLargestRateAndTheLongestWindowAreExact) {
  Pace fast(1'000'000'000, Duration::days(400), Duration{});
  Instant now{0};
  for (int i = 0; i < 1000; i++) fast.take(now, 1'000'000);
  EXPECT_EQ(fast.next(now), Instant{} + Duration::days(400));
}

}  // namespace
}  // namespace forebay
