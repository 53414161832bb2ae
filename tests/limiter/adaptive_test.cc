#include "limiter/adaptive.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.h"
#include "generators.h"
#include "limiter/limit_set.h"
#include "limiter/spends.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

Now at_ms(int64_t ms) {
  return {Instant{ms * 1'000'000}, WallTime::from_ms(ms)};
}

// A sink that answers at once: sent and settled in the same moment.
struct Replies {
  Adaptive& adaptive;
  bool accepts(int64_t ms, int times = 1) {
    bool changed = false;
    for (int i = 0; i < times; i++) changed |= adaptive.accepted({at_ms(ms).steady, 1}, at_ms(ms));
    return changed;
  }
  bool refuses(int64_t ms) { return adaptive.refused({at_ms(ms).steady, 1}, at_ms(ms)); }
};

TEST(Adaptive, ARefusalLowersToAShareOfWhatWasAccepted) {
  Adaptive adaptive(100, second, 0.1);
  Replies sink{adaptive};
  sink.accepts(10'000, 80);
  EXPECT_EQ(adaptive.effective(), 100u);
  EXPECT_TRUE(sink.refuses(10'100));
  EXPECT_EQ(adaptive.effective(), 76u);
}

TEST(Adaptive, WhatWasAcceptedBeforeTheWindowDoesNotCount) {
  Adaptive adaptive(100, second, 0.1);
  Replies sink{adaptive};
  sink.accepts(10'000, 90);
  sink.accepts(10'500, 70);
  sink.refuses(11'100);
  EXPECT_EQ(adaptive.effective(), 67u);  // ⌈0.95 · 70⌉
}

TEST(Adaptive, ABurstOfRefusalsInFlightIsOneEvent) {
  Adaptive adaptive(100, second, 0);
  Replies sink{adaptive};
  sink.accepts(10'000, 100);
  EXPECT_TRUE(sink.refuses(10'010));
  for (int64_t ms = 10'011; ms < 15'000; ms += 100) {
    EXPECT_FALSE(adaptive.refused({at_ms(10'009).steady, 1}, at_ms(ms)));
  }
  EXPECT_EQ(adaptive.effective(), 95u);
}

TEST(Adaptive, LowersOncePerWindowByHalfAtMostToTheFloor) {
  Adaptive adaptive(100, second, 0.1);
  Replies sink{adaptive};
  sink.accepts(9'999);
  sink.refuses(10'000);
  EXPECT_EQ(adaptive.effective(), 50u);
  sink.refuses(10'999);
  EXPECT_EQ(adaptive.effective(), 50u);
  int64_t ms = 11'000;
  for (const uint64_t expected : {25u, 13u, 10u, 10u}) {
    sink.accepts(ms - 1);
    sink.refuses(ms);
    EXPECT_EQ(adaptive.effective(), expected);
    ms += 1000;
  }
  Adaptive one(1, second, 0);
  one.accepted({at_ms(10'000).steady, 1}, at_ms(10'000));
  EXPECT_FALSE(one.refused({at_ms(10'000).steady, 1}, at_ms(10'000)));
  EXPECT_EQ(one.effective(), 1u);
}

TEST(Adaptive, ARefusalThatNamesNoTimeClosesUntilTheOldestLeavesThenForTheRestOfTheWindow) {
  Adaptive adaptive(100, second, 0.1);
  Replies sink{adaptive};
  for (int64_t ms = 10'000; ms < 10'900; ms += 10) sink.accepts(ms);
  sink.refuses(10'900);
  EXPECT_NEAR(adaptive.back_off(at_ms(10'900)).as_seconds(), 0.1, 1.0 / 64);
  EXPECT_EQ(adaptive.back_off(at_ms(11'500)), Duration{});
  sink.refuses(11'100);  // sent after the lowering
  EXPECT_EQ(adaptive.back_off(at_ms(11'100)), Duration::milliseconds(800));
  Adaptive nothing_accepted(100, second, 0.1);
  nothing_accepted.refused({at_ms(10'000).steady, 1}, at_ms(10'000));
  EXPECT_EQ(nothing_accepted.back_off(at_ms(10'000)), second);
}

// Every 100 ms an accepted send: when is the bound which?
std::vector<uint64_t> raises(Adaptive& adaptive, int64_t from_ms, int64_t until_ms) {
  std::vector<uint64_t> seen;
  Replies sink{adaptive};
  for (int64_t ms = from_ms; ms < until_ms; ms += 100) {
    if (sink.accepts(ms)) seen.push_back(adaptive.effective());
  }
  return seen;
}

TEST(Adaptive, RecoversInFiveEvenStepsThenInDoublingOnes) {
  Adaptive adaptive(1000, second, 0.1);
  Replies sink{adaptive};
  sink.accepts(10'000, 400);
  sink.refuses(10'001);
  EXPECT_EQ(adaptive.effective(), 500u);
  EXPECT_TRUE(raises(adaptive, 10'100, 11'100).empty());  // a clean second has not passed
  const std::vector<uint64_t> steps = {520, 540, 560, 580, 600, 640, 720, 880, 1000};
  EXPECT_EQ(raises(adaptive, 11'100, 19'200), steps);
  EXPECT_TRUE(raises(adaptive, 19'200, 60'000).empty());
  EXPECT_EQ(adaptive.effective(), 1000u);
}

TEST(Adaptive, NothingAcceptedIsNothingLearnt) {
  Adaptive adaptive(100, second, 0.1);
  Replies sink{adaptive};
  for (int64_t ms = 1000; ms < 9000; ms += 1000) EXPECT_FALSE(sink.refuses(ms));
  EXPECT_EQ(adaptive.effective(), 100u);
  sink.accepts(9'999);
  sink.refuses(10'000);
  sink.accepts(3'600'000);
  EXPECT_EQ(adaptive.effective(), 50u);
  sink.accepts(3'600'999);
  EXPECT_EQ(adaptive.effective(), 50u);
  sink.accepts(3'601'000);
  EXPECT_EQ(adaptive.effective(), 52u);
}

TEST(Adaptive, ARefusedProbeHoldsAndAfterACleanOneItRisesFast) {
  Adaptive adaptive(100, second, 0.1);
  Replies sink{adaptive};
  sink.accepts(10'000, 40);
  sink.refuses(10'001);
  EXPECT_EQ(adaptive.effective(), 50u);
  EXPECT_EQ(raises(adaptive, 10'100, 11'200), std::vector<uint64_t>{52});
  sink.accepts(11'500, 30);
  sink.refuses(11'600);
  EXPECT_EQ(adaptive.effective(), 36u);  // ⌈0.98 · 36⌉: thirty, and the six of 10.6 to 11.1 s
  EXPECT_TRUE(raises(adaptive, 11'700, 26'600).empty());
  const std::vector<uint64_t> steps = {38, 46, 78, 100};
  EXPECT_EQ(raises(adaptive, 26'600, 40'000), steps);
}

TEST(Adaptive, ANewConfigurationKeepsWhatWasLearntAndIsNeverPassed) {
  Adaptive adaptive(100, second, 0.1);
  adaptive.reconfigure(200, 0.1);
  EXPECT_EQ(adaptive.effective(), 200u);
  Replies sink{adaptive};
  sink.accepts(10'000, 160);
  sink.refuses(10'001);
  EXPECT_EQ(adaptive.effective(), 152u);
  adaptive.reconfigure(180, 0.1);
  EXPECT_EQ(adaptive.effective(), 152u);
  adaptive.reconfigure(30, 0.1);
  EXPECT_EQ(adaptive.effective(), 30u);
}

RC_GTEST_PROP(Adaptive, IsWithinItsBoundsAndFallsOncePerWindow, ()) {
  const uint64_t count = *rc::gen::element<uint64_t>(1, 2, 7, 100, 5000, 1'000'000'000);
  const Duration per = *rc::gen::element(Duration::milliseconds(10), second, Duration::minutes(1));
  const double floor = *rc::gen::element(0.0, 0.1, 1.0);
  Adaptive adaptive(count, per, floor);
  Random random(draw_seed());
  Now now = at_ms(*rc::gen::inRange<int64_t>(0, 1'000'000'000));
  Instant lowered{-per.ns};
  for (int i = 0; i < 2000; i++) {
    now.steady = now.steady + Duration{static_cast<int64_t>(random.below(static_cast<uint64_t>(per.ns) / 10))};
    const Taken taken{now.steady - Duration{static_cast<int64_t>(random.below(50'000'000))},
                      static_cast<uint32_t>(random.below(3) + 1)};
    const uint64_t before = adaptive.effective();
    if (random.below(10) > 0) {
      const bool changed = adaptive.accepted(taken, now);
      RC_ASSERT(changed == (adaptive.effective() > before) && adaptive.effective() >= before);
    } else if (adaptive.refused(taken, now)) {
      RC_ASSERT(adaptive.effective() < before && adaptive.effective() * 2 >= before);
      RC_ASSERT(now.steady - lowered >= per && taken.at > lowered);
      lowered = now.steady;
    }
    RC_ASSERT(adaptive.effective() >= 1 && adaptive.effective() <= count);
    RC_ASSERT(static_cast<double>(adaptive.effective()) >= floor * static_cast<double>(count));
    RC_ASSERT(adaptive.back_off(now) >= Duration{} && adaptive.back_off(now) <= per);
  }
}

// Against a count of every send: never below the exact figure, above it by what a 64th of W holds at most.
RC_GTEST_PROP(RecentCount, IsExactToASixtyFourthOfTheWindow, ()) {
  const Duration w =
      *rc::gen::element(Duration::microseconds(1), Duration::milliseconds(10), second, Duration::days(400));
  RecentCount recent(w);
  Random random(draw_seed());
  std::vector<std::pair<int64_t, uint64_t>> all;
  int64_t at = *rc::gen::inRange<int64_t>(0, int64_t{1} << 50);
  for (int i = 0; i < 500; i++) {
    at += static_cast<int64_t>(random.below(static_cast<uint64_t>(w.ns) / 5 + 2));
    all.push_back({at, random.below(5)});
    recent.add(Instant{at}, all.back().second);
    uint64_t exact = 0, most = 0;
    for (const auto& [when, count] : all) {
      if (when > at - w.ns) exact += count;
      if (when > at - w.ns - w.ns / 64 - 65) most += count;
    }
    RC_ASSERT(recent.total(Instant{at}) >= exact && recent.total(Instant{at}) <= most);
  }
}

// -- in the set --

struct Set {
  explicit Set(const SinkConfig& config) : limits(config, at_ms(0)) {}
  // Sent and answered in the same moment, if the limits agree by then.
  bool send(int64_t ms, SettledAs how, uint32_t cost = 1) {
    if (limits.next(at_ms(ms), cost) > at_ms(ms).steady) return false;
    limits.take(at_ms(ms), cost);
    limits.settle({at_ms(ms).steady, cost}, at_ms(ms), how);
    return true;
  }
  LimitSet limits;
};

TEST(AdaptiveSet, TheShortestWindowIsLoweredAndAllFiguresWithIt) {
  SinkConfig config = sink({window(1000, Duration::minutes(1)), window(100, second)});
  config.pace = {};
  Set set(config);
  for (int i = 0; i < 80; i++) ASSERT_TRUE(set.send(10'000 + i * 10, SettledAs::ok));
  ASSERT_TRUE(set.send(10'800, SettledAs::refused));
  const auto views = set.limits.views(at_ms(10'800));
  EXPECT_EQ(views[0].effective, 1000u);
  EXPECT_EQ(views[1].effective, 76u);
  EXPECT_EQ(set.limits.max_cost(), 100u);
  // 81 permits are held, of 76: six must come home before the next send, and the pace is 1/76 s from then on.
  EXPECT_EQ(set.limits.next(at_ms(10'800), 1), at_ms(10'050).steady + Duration::microseconds(1'000'200));
  ASSERT_TRUE(set.send(13'000, SettledAs::ok));
  EXPECT_EQ(set.limits.next(at_ms(13'000), 1), at_ms(13'000).steady + Duration{13'157'895});
  Set alone(sink({window(100, second)}));
  alone.send(9'900, SettledAs::ok);
  alone.send(10'000, SettledAs::refused);
  EXPECT_DOUBLE_EQ(alone.limits.rate_per_second(), 50);
  EXPECT_GE((alone.limits.estimate(at_ms(20'000), 501) - at_ms(20'000).steady).as_seconds(), 10.0);
}

TEST(AdaptiveSet, WhatIsNoReplyOfTheSinkLowersNothing) {
  Set set(sink({window(100, second)}));
  for (const SettledAs how : {SettledAs::not_sent, SettledAs::unanswered, SettledAs::ok}) set.send(10'000, how);
  EXPECT_EQ(set.limits.views(at_ms(10'000))[0].effective, 100u);
}

TEST(AdaptiveSet, SwitchedOffOrOnlyCountedItIsWhatIsConfigured) {
  SinkConfig config = sink({window(100, second)});
  config.adaptive.on = false;
  Set off(config);
  off.send(9'900, SettledAs::ok);
  off.send(10'000, SettledAs::refused);
  EXPECT_EQ(off.limits.views(at_ms(10'000))[0].effective, 100u);
  EXPECT_FALSE(off.limits.back_off(at_ms(10'000)).has_value());
  config = sink({window(100, second), window(1000, Duration::minutes(1))});
  config.limits[0].enforce = false;
  Set shadow(config);
  shadow.send(9'900, SettledAs::ok);
  shadow.send(10'000, SettledAs::refused);
  EXPECT_EQ(shadow.limits.views(at_ms(10'000))[0].effective, 100u);
  EXPECT_EQ(shadow.limits.views(at_ms(10'000))[1].effective, 500u);
}

// Else it would wait for ever: nothing that is out could bring so many permits home.
TEST(AdaptiveSet, ACostAboveTheLoweredBoundGoesAlone) {
  SinkConfig config = sink({window(100, second)});
  config.pace_off = true;
  Set set(config);
  set.send(9'900, SettledAs::ok);
  set.send(10'000, SettledAs::refused);  // 50
  ASSERT_FALSE(set.limits.next(at_ms(10'000), 80).is_never());
  EXPECT_FALSE(set.send(10'900, SettledAs::ok, 80));
  EXPECT_TRUE(set.send(11'001, SettledAs::ok, 80));
  EXPECT_FALSE(set.send(11'900, SettledAs::ok));
  EXPECT_TRUE(set.send(12'002, SettledAs::ok));
}

TEST(AdaptiveSet, AReloadKeepsWhatWasLearntOfAWindowAsLong) {
  Set set(sink({window(100, second)}));
  set.send(9'900, SettledAs::ok);
  set.send(10'000, SettledAs::refused);
  set.limits.reconfigure(sink({window(200, second)}), at_ms(10'001));
  EXPECT_EQ(set.limits.views(at_ms(10'001))[0].effective, 50u);
  set.limits.reconfigure(sink({window(200, second * 2)}), at_ms(10'002));
  EXPECT_EQ(set.limits.views(at_ms(10'002))[0].effective, 200u);
}

// After the record the sink may have been raised again, so more may have been sent than the lowered bound allows.
TEST(AdaptiveSet, TheRecordOfSpendsNamesTheConfiguredCount) {
  Set set(sink({window(1000, Duration::minutes(1))}));
  set.send(9'900, SettledAs::ok);
  set.send(10'000, SettledAs::refused);
  SpendsRecord record;
  ASSERT_TRUE(decode(set.limits.save(at_ms(10'000), 62), &record));
  EXPECT_EQ(record.windows[0].count, 1000u);
  EXPECT_EQ(record.pace->count, 1000u);
}

}  // namespace
}  // namespace forebay
