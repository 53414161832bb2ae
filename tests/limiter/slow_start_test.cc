#include "limiter/slow_start.h"

#include <gtest/gtest.h>

#include <cmath>

#include "world.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

Now at_ms(int64_t ms) {
  return {Instant{ms * 1'000'000}, WallTime::from_ms(ms)};
}

bool accepted(SlowStart& slow, int64_t ms) {
  return slow.accepted({at_ms(ms).steady, 1}, at_ms(ms));
}

TEST(SlowStart, DoublesEachSecondFromATenthToTheWhole) {
  SlowStart slow(300, second);
  EXPECT_TRUE(slow.whole());
  slow.start(at_ms(10'000).steady);
  std::vector<uint64_t> seen = {slow.effective()};
  for (int64_t ms = 10'000; ms < 20'000; ms += 10) {
    if (accepted(slow, ms)) seen.push_back(slow.effective());
  }
  EXPECT_EQ(seen, (std::vector<uint64_t>{30, 60, 120, 240, 300}));
  EXPECT_TRUE(slow.whole());
}

TEST(SlowStart, WhatWasSentBeforeItOpensAndWhatIsNotAnsweredIsNoStep) {
  SlowStart slow(5, second);
  slow.start(at_ms(10'000).steady);
  EXPECT_EQ(slow.effective(), 1u);
  EXPECT_FALSE(slow.accepted({at_ms(9'999).steady, 1}, at_ms(60'000)));
  EXPECT_FALSE(accepted(slow, 10'999));
  EXPECT_TRUE(accepted(slow, 3'600'000));
  EXPECT_EQ(slow.effective(), 2u);
  EXPECT_FALSE(accepted(slow, 3'600'999));
}

TEST(SlowStart, AnotherCountIsKeptBelow) {
  SlowStart slow(300, second);
  slow.reconfigure(500);
  EXPECT_EQ(slow.effective(), 500u);
  slow.start(at_ms(0).steady);
  slow.reconfigure(40);
  EXPECT_EQ(slow.effective(), 40u);
  EXPECT_TRUE(slow.whole());
}

TEST(SlowStart, TheSetStartsItsShortestWindowAndItsPaceSlowly) {
  Weather weather;  // every reply at once
  World world(sink({window(300, second)}), weather, 1, 0);
  world.run_for(second * 5);
  world.rest_for(second * 300);
  world.limits().slow_start(world.now().steady, world.now());
  EXPECT_EQ(world.limits().views(world.now())[0].effective, 30u);
  std::vector<uint64_t> by_second;
  for (int i = 0; i < 6; i++) {
    world.forget_figures();
    world.run_for(second);
    by_second.push_back(world.sent());
  }
  EXPECT_LE(by_second[0], 30u);
  EXPECT_GE(by_second[0], 29u);
  EXPECT_NEAR(static_cast<double>(by_second[2]), 120, 10);
  EXPECT_GE(by_second[5], 295u);
}

TEST(SlowStart, TheEstimateIsThePlayedOutStart) {
  for (const bool held_down : {false, true}) {
    World world(sink({window(300, second)}), {}, 1, 0);
    world.run_for(second * 5);
    world.rest_for(second * 300);
    if (held_down) {
      for (const SettledAs how : {SettledAs::ok, SettledAs::refused}) {  // 150
        world.rest_for(Duration::milliseconds(20));
        world.limits().take(world.now(), 1);
        world.limits().settle({world.now().steady, 1}, world.now(), how);
      }
      world.rest_for(second * 2);
    }
    world.limits().slow_start(world.now().steady, world.now());
    const Now asked = world.now();
    std::vector<Instant> estimates;
    for (uint64_t k = 1; k <= 400; k++) estimates.push_back(world.limits().estimate(asked, k));
    std::vector<Instant> left;
    world.before_take = [&] { left.push_back(world.now().steady); };
    world.run_for(second * 6);
    for (const size_t k : {10u, 30u, 60u, 200u, 400u}) {
      const double took = (left[k - 1] - asked.steady).as_seconds();
      EXPECT_NEAR((estimates[k - 1] - asked.steady).as_seconds(), took, 0.05 * took + 0.05) << k;
    }
  }
}

// What a longer window holds of the time before the outage would else stop it for most of W.
TEST(SlowStart, ALongWindowIsStartedSlowlyByItsPaceAlone) {
  World world(sink({window(6000, Duration::minutes(1))}), {}, 1, 0);
  world.run_for(second * 50);
  world.rest_for(second * 3);
  world.limits().slow_start(world.now().steady, world.now());
  world.forget_figures();
  world.run_for(second * 10);
  EXPECT_NEAR(static_cast<double>(world.sent()), 100, 3);
  world.forget_figures();
  world.run_for(second * 10);
  EXPECT_NEAR(static_cast<double>(world.sent()), 200, 5);
}

// The relay hears of a throttle of the last process before it restores what the limits knew.
TEST(SlowStart, ARestoreHoldsTheWholeWindowAllTheSame) {
  SinkConfig config = sink({window(100, second)});
  LimitSet limits(config, at_ms(10'000));
  limits.slow_start(at_ms(10'000).steady, at_ms(10'000));
  limits.restore_unrecorded(at_ms(10'000), Duration::seconds(10));
  EXPECT_EQ(limits.views(at_ms(10'000))[0].effective, 10u);
  // Another window is the shortest one now: this one is whole again at once, and held all the same.
  config.limits.push_back(window(1000, Duration::milliseconds(500)));
  limits.reconfigure(config, at_ms(10'000));
  EXPECT_EQ(limits.views(at_ms(10'000))[0].effective, 100u);
  EXPECT_GE(limits.next(at_ms(10'000), 1), at_ms(21'000).steady);
}

}  // namespace
}  // namespace forebay
