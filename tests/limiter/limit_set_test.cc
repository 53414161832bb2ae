#include "limiter/limit_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "generators.h"
#include "limiter/limit_name.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);
Now at_ms(int64_t ms) {
  return {Instant{ms * 1'000'000}, WallTime::from_ms(ms)};
}

SinkConfig unpaced(std::vector<LimitConfig> limits) {
  SinkConfig config = sink(std::move(limits));
  config.pace_off = true;
  return config;
}

RC_GTEST_PROP(LimitSet, EveryLimitHoldsAtOnce, ()) {
  SinkConfig config = sink({window(30, second), window(100, second * 5), bucket(25, second, 10)});
  config.concurrency = *rc::gen::element(3u, 20u, 1000u);
  config.timeout = draw_ms(1, 3000);
  draw_pace(&config);
  Weather weather = draw_weather();
  World world(config, weather, draw_seed(), draw_start());
  Downstream departures;
  world.before_take = [&] {
    const Now now = world.now();
    departures.counts(now.steady.ns, 1);
    // Exact: a nanosecond earlier nobody would have agreed to an earlier time.
    RC_ASSERT(world.limits().next({now.steady, {}}, 1) == now.steady);
    RC_ASSERT(world.limits().blocking(now, 1).name.empty());
  };
  world.run_for(second * 30);
  RC_ASSERT(world.downstream().worst(second) <= 30u);
  RC_ASSERT(world.downstream().worst(second * 5) <= 100u);
  RC_ASSERT(!departures.any_window_above(9, 25, second));
  RC_ASSERT(world.under_way_max() <= config.concurrency);
}

RC_GTEST_PROP(LimitSet, NextIsExactAndAskingChangesNothing, ()) {
  SinkConfig config = sink({window(5, second), window(12, second * 3)});
  draw_pace(&config);
  Weather weather = draw_weather();
  World world(config, weather, draw_seed(), draw_start());
  for (int i = 0; i < 30; i++) {
    world.run_for(draw_ms(0, 500));
    const Now now = world.now();
    const Instant next = world.limits().next(now, 1);
    RC_ASSERT(world.limits().next(now, 1) == next);
    const LimitSet::Blocking blocking = world.limits().blocking(now, 1);
    RC_ASSERT(blocking.until == next);
    RC_ASSERT(blocking.name.empty() == (next == now.steady));
    if (next.is_never() || next == now.steady) continue;
    RC_ASSERT(next > now.steady);
    RC_ASSERT(world.limits().next({next - Duration{1}, now.wall}, 1) == next);
    RC_ASSERT(world.limits().next({next, now.wall}, 1) == next);
  }
}

// A is free from 1199.995 s until its margin is forgotten at 1200 s, and again from 1200.08 s; B from 1200.05
// s on.
TEST(LimitSet, AsksAgainWhenOneThatWasFreeNoLongerIs) {
  LimitSet limits(unpaced({window(101, second * 900), window(101, Duration::milliseconds(899'970), true)}), at_ms(0));
  for (int i = 0; i < 100; i++) limits.take(at_ms(1000), 1);
  for (int i = 0; i < 100; i++) limits.settle({at_ms(1000).steady, 1}, at_ms(1100), SettledAs::ok);
  limits.take(at_ms(299'800), 1);
  limits.settle({at_ms(299'800).steady, 1}, at_ms(299'900), SettledAs::ok);
  EXPECT_EQ(limits.next(at_ms(1'199'900), 101), at_ms(1'200'080).steady);
}

RC_GTEST_PROP(LimitSet, ConcurrencyIsNeverAbove, ()) {
  SinkConfig config = sink({});
  config.concurrency = *rc::gen::inRange(1u, 50u);
  config.timeout = draw_ms(1, 1000);
  World world(config, draw_weather(), draw_seed(), draw_start());
  world.weather().out_min = std::max(world.weather().out_min, Duration::milliseconds(1));
  world.run_for(second * 20);
  RC_ASSERT(world.under_way_max() <= config.concurrency);
  RC_ASSERT(!world.weather().saturated || world.under_way_max() == config.concurrency);
}

TEST(LimitSet, NothingIsTakenWhileOneOfThemDisagrees) {
  LimitSet limits(unpaced({window(2, second), window(3, second * 10)}), at_ms(0));
  for (int i = 0; i < 2; i++) limits.take(at_ms(0), 1);
  for (int i = 0; i < 2; i++) limits.settle({Instant{0}, 1}, at_ms(0), SettledAs::ok);
  EXPECT_EQ(limits.blocking(at_ms(0), 1).name, "2/1s");
  EXPECT_EQ(limits.blocking(at_ms(0), 1).until, Instant{} + Duration::microseconds(1'000'200));
  limits.take(at_ms(1001), 1);
  limits.settle({at_ms(1001).steady, 1}, at_ms(1001), SettledAs::ok);
  EXPECT_EQ(limits.blocking(at_ms(1001), 1).name, "3/10s");
  EXPECT_EQ(limits.next(at_ms(1001), 1), Instant{} + Duration::microseconds(10'002'000));
}

TEST(LimitSet, WithoutLimitsOnlyTheConcurrencyBounds) {
  SinkConfig config;
  config.concurrency = 1;
  LimitSet limits(config, at_ms(0));
  EXPECT_EQ(limits.max_cost(), UINT32_MAX);
  EXPECT_TRUE(std::isinf(limits.rate_per_second()));
  EXPECT_EQ(limits.estimate(at_ms(0), 1'000'000), Instant{0});
  limits.take(at_ms(0), 3);
  EXPECT_TRUE(limits.next(at_ms(0), 1).is_never());
  EXPECT_EQ(limits.blocking(at_ms(0), 1).name, "concurrency");
  EXPECT_EQ(limits.in_flight(), 1u);
  limits.settle({Instant{0}, 3}, at_ms(7), SettledAs::ok);
  EXPECT_EQ(limits.next(at_ms(7), 1), at_ms(7).steady);
  EXPECT_FALSE(limits.has_long_window());
}

TEST(LimitSet, ADownstreamThatStoppedAnsweringIsNotPiledUpOn) {
  SinkConfig config;
  config.concurrency = 1;
  config.timeout = second;
  LimitSet limits(config, at_ms(0));
  limits.take(at_ms(0), 1);
  limits.settle({Instant{0}, 1}, at_ms(1000), SettledAs::unanswered);
  EXPECT_EQ(limits.next(at_ms(1000), 1), at_ms(2000).steady);
}

TEST(LimitSet, ThePaceGoesByItsWindowsName) {
  LimitConfig named = window(100, second);
  named.name = "contract";
  SinkConfig config = sink({named, window(1000, second * 60)});
  config.pace = {};
  LimitSet limits(config, at_ms(0));
  limits.take(at_ms(0), 1);
  EXPECT_EQ(limits.blocking(at_ms(0), 1).name, "contract");
  EXPECT_EQ(limits.next(at_ms(0), 1), at_ms(10).steady);
}

TEST(LimitSet, FiguresAreThoseOfTheTightest) {
  const LimitSet limits(unpaced({window(300, second), window(1000, Duration::minutes(1)), bucket(20, second, 7)}),
                        at_ms(0));
  EXPECT_EQ(limits.max_cost(), 7u);
  EXPECT_DOUBLE_EQ(limits.rate_per_second(), 1000.0 / 60);
  EXPECT_TRUE(limits.has_long_window());
  const auto views = limits.views(at_ms(0));
  ASSERT_EQ(views.size(), 4u);
  EXPECT_EQ(views[0].name, "300/1s");
  EXPECT_EQ(views[1].name, "1000/1m");
  EXPECT_EQ(views[2].name, "20/1s burst 7");
  EXPECT_EQ(views[3].name, "concurrency");
  EXPECT_EQ(views[1].effective, 1000u);
}

TEST(LimitSet, UtilisationCountsWhatIsOutAndWhatIsHeld) {
  LimitSet limits(unpaced({window(4, second)}), at_ms(0));
  limits.take(at_ms(0), 1);
  limits.take(at_ms(0), 1);
  limits.settle({Instant{0}, 1}, at_ms(10), SettledAs::ok);
  EXPECT_DOUBLE_EQ(limits.views(at_ms(10))[0].utilization, 0.5);
  EXPECT_DOUBLE_EQ(limits.views(at_ms(2000))[0].utilization, 0.25);
}

TEST(LimitSet, TheEstimateIsThePlayedOutDrain) {
  SinkConfig config = sink({window(300, second), window(5000, Duration::minutes(1))});
  Weather weather;  // every reply at once
  World world(config, weather, 1, 0);
  world.run_for(second);
  std::vector<int64_t> left;
  const Now asked = world.now();
  std::vector<Instant> estimates;
  for (uint64_t k = 1; k <= 10'000; k++) estimates.push_back(world.limits().estimate(asked, k));
  world.before_take = [&] { left.push_back(world.now().steady.ns); };
  world.run_for(Duration::minutes(3));
  ASSERT_GE(left.size(), 10'000u);
  double worst = 0;
  for (size_t k = 100; k <= 10'000; k++) {
    const double took = static_cast<double>(left[k - 1] - asked.steady.ns);
    worst = std::max(worst, std::abs(static_cast<double>(estimates[k - 1].ns - left[k - 1])) / took);
  }
  std::printf("  estimate off by %.3f %% at most, from the 100th to the 10,000th send\n", worst * 100);
  EXPECT_LT(worst, 0.01);
}

TEST(LimitSet, ANewAddressStartsWithoutAMargin) {
  Weather weather;
  weather.out_min = weather.back_min = Duration::milliseconds(50);
  World world(sink({window(10, second)}), weather, 1, 0);
  world.run_for(second * 30);
  world.forget_figures();
  world.run_for(second * 20);
  const uint64_t with = world.sent();
  world.limits().new_address(world.now());
  world.forget_figures();
  world.run_for(second * 10);
  EXPECT_LT(world.sent() * 2, with);
  EXPECT_GT(world.sent() * 2 + 30, with);
}

RC_GTEST_PROP(LimitSet, AReloadIsNeverAboveTheGreaterThenTheNew, ()) {
  const uint64_t before = *rc::gen::inRange<uint64_t>(1, 200), after = *rc::gen::inRange<uint64_t>(1, 200);
  SinkConfig config = sink({window(before, second)});
  draw_pace(&config);
  config.timeout = draw_ms(1, 2000);
  Weather weather = draw_weather();
  World world(config, weather, draw_seed(), draw_start());
  world.run_for(draw_ms(0, 5000));
  config.limits = {window(after, second)};  // another name, the same length
  if (*rc::gen::arbitrary<bool>()) config.limits.push_back(window(5000, Duration::minutes(1)));
  world.use(config);
  world.limits().reconfigure(config, world.now());
  world.run_for(second * 3);
  RC_ASSERT(world.downstream().worst(second) <= std::max(before, after));
  // What had left under the old bound has been counted; a window on, only the new one counts.
  world.rest_for(config.timeout * 2 + second);
  world.forget_figures();
  world.run_for(second * 5);
  RC_ASSERT(world.downstream().worst(second) <= after);
}

TEST(LimitSet, ALowerCountWaitsAndAHigherOneFreesAtOnce) {
  LimitSet limits(unpaced({window(10, second)}), at_ms(0));
  for (int i = 0; i < 10; i++) limits.take(at_ms(0), 1);
  limits.reconfigure(unpaced({window(4, second)}), at_ms(1));
  for (int i = 0; i < 10; i++) {
    EXPECT_TRUE(limits.next(at_ms(i), 1).is_never() || i >= 7) << i;
    limits.settle({Instant{0}, 1}, at_ms(i), SettledAs::ok);
  }
  // Ten are held; the seventh to come home is the first to be free of four.
  EXPECT_EQ(limits.next(at_ms(10), 1), at_ms(6).steady + Duration::microseconds(1'000'200));
  limits.reconfigure(unpaced({window(11, second)}), at_ms(10));
  EXPECT_EQ(limits.next(at_ms(10), 1), at_ms(10).steady);
  EXPECT_EQ(limits.views(at_ms(10))[0].effective, 11u);
}

TEST(LimitSet, AWindowThatIsNewKnowsWhatTheSetRemembersAndWhatIsOut) {
  LimitSet limits(unpaced({window(10, Duration::minutes(1))}), at_ms(0));
  for (int i = 0; i < 3; i++) limits.take(at_ms(0), 1);
  limits.settle({Instant{0}, 1}, at_ms(0), SettledAs::ok);
  limits.settle({Instant{0}, 1}, at_ms(0), SettledAs::ok);
  limits.reconfigure(unpaced({window(10, Duration::minutes(1)), window(3, Duration::hours(1))}), at_ms(5));
  EXPECT_TRUE(limits.next(at_ms(5), 2).is_never() || limits.next(at_ms(5), 2) > at_ms(3'600'000).steady);
  EXPECT_EQ(limits.blocking(at_ms(5), 1).name, "3/1h");
  limits.settle({Instant{0}, 1}, at_ms(6), SettledAs::not_sent);
  EXPECT_EQ(limits.next(at_ms(6), 1), at_ms(6).steady);
}

TEST(LimitSet, ABucketThatIsNewStartsEmptyAndAnOldOneKeepsWhatItSpent) {
  LimitSet limits(unpaced({}), at_ms(0));
  limits.reconfigure(unpaced({bucket(100, second, 10)}), at_ms(0));
  EXPECT_EQ(limits.next(at_ms(0), 1), at_ms(10).steady);
  limits.take(at_ms(10), 1);
  // All ten tokens are spent; at the new rate one comes back every 20 ms.
  limits.reconfigure(unpaced({bucket(50, second, 10)}), at_ms(10));
  EXPECT_EQ(limits.next(at_ms(10), 1), at_ms(30).steady);
}

TEST(LimitSet, ABucketOfAnotherRateIsKnownByItsLength) {
  LimitSet limits(unpaced({bucket(100, second, 10)}), at_ms(0));
  for (int i = 0; i < 4; i++) limits.take(at_ms(0), 1);
  limits.reconfigure(unpaced({bucket(50, second, 10)}), at_ms(0));
  for (int i = 0; i < 6; i++) {
    ASSERT_EQ(limits.next(at_ms(0), 1), at_ms(0).steady) << i;
    limits.take(at_ms(0), 1);
  }
  EXPECT_EQ(limits.next(at_ms(0), 1), at_ms(20).steady);
}

TEST(LimitName, IsTheCanonicalSpecUnlessGiven) {
  EXPECT_EQ(canonical_name(window(300, second)), "300/1s");
  EXPECT_EQ(canonical_name(window(100, Duration::seconds(60))), "100/1m");
  EXPECT_EQ(canonical_name(bucket(300, second, 50)), "300/1s burst 50");
  LimitConfig named = window(1, second);
  named.name = "contract";
  EXPECT_EQ(limit_name(named), "contract");
}

}  // namespace
}  // namespace forebay
