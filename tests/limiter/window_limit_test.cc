#include "limiter/window_limit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "generators.h"

namespace forebay {
namespace {

RC_GTEST_PROP(WindowLimit, NoWindowAnywhereHoldsMoreThanItsCount, ()) {
  const uint64_t count = *rc::gen::element<uint64_t>(1, 7, 300, 5000);
  const Duration per = *rc::gen::element(Duration::milliseconds(200), Duration::seconds(1), Duration::seconds(13));
  SinkConfig config = sink({window(count, per)});
  draw_pace(&config);
  config.timeout = draw_ms(1, 3000);
  Weather weather = draw_weather();
  weather.cost_max = *rc::gen::element<uint32_t>(1, 1, std::min<uint32_t>(3, static_cast<uint32_t>(count)));
  World world(config, weather, draw_seed(), draw_start());
  world.run_for(per * 12 + Duration::seconds(5));
  RC_ASSERT(world.downstream().worst(per) <= count);
  // And on a downstream whose clock is 199 ppm slow.
  RC_ASSERT(world.downstream().worst(per + Duration{per.ns / 1'000'000 * 199}) <= count);
}

RC_GTEST_PROP(WindowLimit, StrictHoldsWhateverTheWayThereDoes, ()) {
  const Duration per = Duration::seconds(1);
  SinkConfig config = sink({window(100, per, true)});
  draw_pace(&config);
  World world(config, draw_weather(), draw_seed(), draw_start());
  for (int i = 0; i < 6; i++) {
    world.run_for(draw_ms(100, 3000));
    const Weather changed = draw_weather();
    world.weather().out_min = changed.out_min;
    world.weather().out_jitter = changed.out_jitter;
    world.weather().back_min = changed.back_min;
  }
  RC_ASSERT(world.downstream().worst(per) <= 100u);
}

// g = 85 ms of a round trip of 100 ms; spread, so that little leaves within the time that is gained.
TEST(WindowLimit, AWayThereThatGetsFasterAdmitsNoMoreThanPromised) {
  for (const int64_t gained_ms : {5, 15, 30, 60}) {
    SinkConfig config = sink({window(300, Duration::seconds(1))});
    config.pace = Duration{};
    Weather weather;
    weather.out_min = Duration::milliseconds(60);
    weather.back_min = Duration::milliseconds(40);
    World world(config, weather, 1, 0);
    world.run_for(Duration::seconds(5));
    EXPECT_LE(world.downstream().worst(Duration::seconds(1)), 300u);
    world.weather().out_min = Duration::milliseconds(60 - gained_ms);
    world.run_for(Duration::seconds(5));
    const double more = std::ceil(300 * static_cast<double>(std::min<int64_t>(gained_ms, 85)) / 1000);
    EXPECT_LE(world.downstream().worst(Duration::seconds(1)), 300 + static_cast<uint64_t>(more)) << gained_ms;
    std::printf("  way there %2ld ms faster: worst second %lu, promised %.0f\n", static_cast<long>(gained_ms),
                static_cast<unsigned long>(world.downstream().worst(Duration::seconds(1))), 300 + more);
  }
}

// Not promised: sends that leave together arrive together, and a whole window may follow the one before too
// soon.
TEST(WindowLimit, WithoutAPaceAFasterWayThereMayAdmitAWholeWindowMoreAndStrictNone) {
  for (const bool strict : {false, true}) {
    SinkConfig config = sink({window(300, Duration::seconds(1), strict)});
    config.pace_off = true;
    Weather weather;
    weather.out_min = Duration::milliseconds(60);
    weather.back_min = Duration::milliseconds(40);
    World world(config, weather, 1, 0);
    world.run_for(Duration::milliseconds(4500));
    world.weather().out_min = Duration::milliseconds(10);
    world.run_for(Duration::seconds(5));
    EXPECT_EQ(world.downstream().worst(Duration::seconds(1)), strict ? 300u : 600u);
  }
}

struct Saturated {
  const char* what;
  Duration out, out_jitter, back, back_jitter;
  bool strict;
};

class Utilisation : public testing::TestWithParam<Saturated> {};

TEST_P(Utilisation, IsTheWindowOverTheWindowAndTheExcessRoundTrip) {
  const Saturated& c = GetParam();
  SinkConfig config = sink({window(300, Duration::seconds(1), c.strict)});
  config.pace_off = true;
  Weather weather;
  weather.out_min = c.out, weather.out_jitter = c.out_jitter;
  weather.back_min = c.back, weather.back_jitter = c.back_jitter;
  World world(config, weather, 7, 0);
  world.run_for(Duration::seconds(20));
  world.forget_figures();
  world.run_for(Duration::seconds(400));
  const double used = static_cast<double>(world.sent()) / (300.0 * 400);
  const double least = (c.out + c.back).as_seconds();
  const double g = c.strict ? 0 : std::max(0.0, 0.9 * least - 0.005);
  const double foretold = 1 / (1 + world.mean_round_trip() - g);
  std::printf("  %-28s used %.4f, foretold %.4f\n", c.what, used, foretold);
  EXPECT_NEAR(used, foretold, 0.005);
  EXPECT_LE(world.downstream().worst(Duration::seconds(1)), 300u);
}

constexpr Duration ms(int64_t n) {
  return Duration::milliseconds(n);
}
INSTANTIATE_TEST_SUITE_P(
    WindowLimit, Utilisation,
    testing::Values(
        Saturated{"loopback, 0.2 ms", Duration::microseconds(100), {}, Duration::microseconds(100), {}, false},
        Saturated{"near, 20 ms", ms(10), {}, ms(10), {}, false},
        Saturated{"20 ms and up to 20 more", ms(10), ms(10), ms(10), ms(10), false},
        Saturated{"far, 200 ms and up to 100", ms(100), ms(50), ms(100), ms(50), false},
        Saturated{"far, strict", ms(100), ms(50), ms(100), ms(50), true}));

TEST(WindowLimit, AnUnansweredSendHoldsItsPermitForTheGraceAndTheWindow) {
  ReturnMargin margin;
  LimitConfig config = window(1, Duration::seconds(1));
  WindowLimit limit(config, Duration::seconds(10), margin);
  const Now start{Instant{0}, {}}, closed{Instant{Duration::seconds(3).ns}, {}};
  limit.take(start, 1);
  EXPECT_TRUE(limit.next(closed, 1).is_never());
  limit.settle({start.steady, 1}, closed, SettledAs::unanswered);
  EXPECT_EQ(limit.next(closed, 1), Instant{} + Duration::microseconds(14'000'200));
  config.unanswered_grace = Duration::seconds(2);
  EXPECT_EQ(WindowLimit(config, Duration::seconds(10), margin).grace(), Duration::seconds(2));
}

TEST(WindowLimit, WhatWasNotSentComesHomeAtOnce) {
  ReturnMargin margin;
  WindowLimit limit(window(1, Duration::seconds(1)), Duration::seconds(10), margin);
  const Now now{Instant{5}, {}};
  limit.take(now, 1);
  limit.settle({now.steady, 1}, now, SettledAs::not_sent);
  EXPECT_EQ(limit.next(now, 1), now.steady);
}

TEST(WindowLimitDeath, TakingWithoutAskingEndsTheProcess) {
  ReturnMargin margin;
  WindowLimit limit(window(1, Duration::seconds(1)), Duration::seconds(10), margin);
  limit.take({Instant{5}, {}}, 1);
  EXPECT_DEATH(limit.take({Instant{6}, {}}, 1), "free_");
}

}  // namespace
}  // namespace forebay
