#include "limiter/spends.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "generators.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

Now at_s(int64_t s) {
  return {Instant{s * second.ns}, WallTime{s * second.ns}};
}

SinkConfig unpaced(std::vector<LimitConfig> limits) {
  SinkConfig config = sink(std::move(limits));
  config.pace_off = true;
  return config;
}

// Sends and settles n at once.
void spend(LimitSet* limits, int n, Now now) {
  for (int i = 0; i < n; i++) {
    limits->take(now, 1);
    limits->settle({now.steady, 1}, now, SettledAs::ok);
  }
}

// How many of cost 1 can be taken at `now`.
int room(LimitSet* limits, Now now) {
  int room = 0;
  while (limits->next(now, 1) == now.steady) limits->take(now, 1), room++;
  return room;
}

// One life, an end, the next life: whatever the end was like, no window across it is above its bound.
RC_GTEST_PROP(Spends, ARestartIsNeverAboveTheBound, ()) {
  const Duration long_window = *rc::gen::element(Duration::seconds(11), Duration::minutes(2));
  SinkConfig config = sink({window(50, second), window(400, long_window), bucket(60, second, 20)});
  if (*rc::gen::arbitrary<bool>()) config.limits.erase(config.limits.begin());
  draw_pace(&config);
  config.timeout = draw_ms(1, 5000);
  Weather weather = draw_weather();
  if (*rc::gen::arbitrary<bool>()) config.timeout = Duration::milliseconds(600), weather.unanswered_percent = 60;
  World world(config, weather, draw_seed(), draw_start());
  const bool clean = *rc::gen::arbitrary<bool>();
  world.run_for(draw_ms(0, 40'000));
  std::string record = world.limits().save(world.now());
  if (clean) {
    world.rest_for(draw_ms(0, 300));
    world.close_all();
    record = world.limits().save(world.now());
  } else {
    // The last record is as old as this when the process dies.
    world.run_for(draw_ms(0, 3000));
  }
  // Away for a while; its clocks start anew, the wall clock perhaps set back.
  const Now died = world.now();
  const bool reboot = *rc::gen::arbitrary<bool>();
  const int64_t set_back = *rc::gen::element<int64_t>(0, 0, 5, 3600) * second.ns;
  world.begin_process(reboot ? died.steady.ns - 1000 : 0, -set_back);
  world.rest_for(*rc::gen::element(Duration{}, Duration::milliseconds(300), Duration::seconds(30)));
  RC_ASSERT(world.limits().restore(record, world.now(), clean, clean ? Duration{} : config.timeout));
  world.run_for(long_window + second * 20);
  for (const LimitConfig& limit : config.limits) {
    if (limit.kind == LimitConfig::Kind::window) RC_ASSERT(world.downstream().worst(limit.per) <= limit.count);
  }
}

TEST(Spends, ACleanStopIsExactForLongWindowsAndAWindowLongForShortOnes) {
  LimitSet before(unpaced({window(5, second), window(100, Duration::minutes(1))}), at_s(100));
  for (int i = 0; i < 8; i++) spend(&before, 5, at_s(100 + 2 * i));
  const std::string record = before.save(at_s(115));
  LimitSet after(unpaced({window(5, second), window(100, Duration::minutes(1))}), at_s(120));
  ASSERT_TRUE(after.restore(record, at_s(120), true, {}));
  EXPECT_EQ(after.blocking(at_s(120), 1).name, "5/1s");
  EXPECT_EQ(after.next(at_s(120), 1), at_s(120).steady + Duration::microseconds(1'000'200));
  EXPECT_DOUBLE_EQ(after.views(at_s(122))[1].utilization, 0.4);
  EXPECT_DOUBLE_EQ(after.views(at_s(165))[1].utilization, 0.25);  // those of 100, 102 and 104 are home
}

TEST(Spends, WhatWasInFlightAtTheStopIsSpentAGraceLater) {
  SinkConfig config = unpaced({window(5, second), window(100, Duration::minutes(1))});
  config.timeout = Duration::seconds(7);
  LimitSet before(config, at_s(100));
  for (int i = 0; i < 5; i++) before.take(at_s(100), 1);
  const std::string record = before.save(at_s(100));
  LimitSet after(config, at_s(100));
  ASSERT_TRUE(after.restore(record, at_s(100), true, {}));
  EXPECT_DOUBLE_EQ(after.views(at_s(166))[1].utilization, 0.05);
  EXPECT_DOUBLE_EQ(after.views(at_s(168))[1].utilization, 0.0);
  EXPECT_EQ(after.next(at_s(100), 1), at_s(107).steady + Duration::microseconds(1'000'200));
}

TEST(Spends, WithoutACleanStopWhatTheLimitsAllowedSinceIsSpent) {
  const SinkConfig config = unpaced({window(5, second), window(100, Duration::minutes(1))});
  LimitSet before(config, at_s(100));
  spend(&before, 5, at_s(100));
  const std::string record = before.save(at_s(101));
  // Three seconds at five a second: at most 20 more, beside the 5 that are known.
  LimitSet after(config, at_s(104));
  ASSERT_TRUE(after.restore(record, at_s(104), false, Duration::seconds(10)));
  EXPECT_DOUBLE_EQ(after.views(at_s(104))[1].utilization, 0.25);
  EXPECT_DOUBLE_EQ(after.views(at_s(104))[0].utilization, 1.0);
  EXPECT_EQ(after.next(at_s(104), 1), at_s(114).steady + Duration::microseconds(1'000'200));
  // The record covers six sends, and nobody sends what no synced record covers.
  LimitSet covered(config, at_s(104));
  ASSERT_TRUE(covered.restore(before.save(at_s(101), before.ahead()), at_s(104), false, Duration::seconds(10)));
  EXPECT_DOUBLE_EQ(covered.views(at_s(104))[1].utilization, 0.11);
}

TEST(Spends, AreNeverBelowNothingHoweverLongTheProcessWasAway) {
  const SinkConfig config = unpaced({window(50, Duration::minutes(1))});
  LimitSet before(config, at_s(100));
  spend(&before, 50, at_s(100));
  const std::string record = before.save(at_s(100));
  LimitSet after(config, at_s(100'000));
  ASSERT_TRUE(after.restore(record, at_s(100'000), false, {}));
  EXPECT_DOUBLE_EQ(after.views(at_s(100'000))[0].utilization, 1.0);
  EXPECT_EQ(room(&after, at_s(100'061)), 50);
}

TEST(Spends, AWallClockSetForwardDoesNotAgeARecordWhenTheSteadyClockKnowsBetter) {
  const SinkConfig config = unpaced({window(50, Duration::minutes(1))});
  LimitSet before(config, at_s(100));
  spend(&before, 50, at_s(100));
  const std::string record = before.save(at_s(100));
  LimitSet after(config, at_s(101));
  const Now stepped{at_s(101).steady, at_s(100'000).wall};
  ASSERT_TRUE(after.restore(record, stepped, true, {}));
  EXPECT_EQ(room(&after, {at_s(150).steady, {}}), 0);
  EXPECT_EQ(room(&after, {at_s(162).steady, {}}), 50);
}

TEST(Spends, ABucketIsEmptyAfterACrashAndAsItWasAfterACleanStop) {
  const SinkConfig config = unpaced({bucket(10, second, 5)});
  LimitSet before(config, at_s(100));
  spend(&before, 2, at_s(100));
  const std::string record = before.save(at_s(100));
  LimitSet crashed(config, at_s(100)), stopped(config, at_s(100));
  ASSERT_TRUE(crashed.restore(record, at_s(100), false, {}));
  ASSERT_TRUE(stopped.restore(record, at_s(100), true, {}));
  EXPECT_EQ(room(&crashed, at_s(100)), 0);
  EXPECT_EQ(room(&stopped, at_s(100)), 3);
}

TEST(Spends, ConcurrencyDiesWithTheProcess) {
  SinkConfig config = unpaced({});
  config.concurrency = 2;
  LimitSet before(config, at_s(100));
  before.take(at_s(100), 1);
  const std::string record = before.save(at_s(100));
  LimitSet after(config, at_s(100));
  ASSERT_TRUE(after.restore(record, at_s(100), false, Duration::seconds(10)));
  EXPECT_EQ(room(&after, at_s(100)), 2);
}

TEST(Spends, ARenamedWindowIsFoundByItsLength) {
  LimitConfig named = window(10, Duration::minutes(1));
  named.name = "contract";
  LimitSet before(unpaced({named}), at_s(100));
  spend(&before, 10, at_s(100));
  LimitSet after(unpaced({window(12, Duration::minutes(1))}), at_s(101));
  ASSERT_TRUE(after.restore(before.save(at_s(101)), at_s(101), true, {}));
  EXPECT_EQ(room(&after, at_s(101)), 2);
}

TEST(Spends, WhatIsNotARecordIsRefusedAndEverythingIsHeld) {
  const SinkConfig config = unpaced({window(5, second), window(100, Duration::minutes(1)), bucket(10, second, 5)});
  LimitSet before(config, at_s(100));
  spend(&before, 5, at_s(100));
  const std::string record = before.save(at_s(100));
  std::vector<std::string> damaged = {"", "x", std::string(100, '\0'), record + "x"};
  for (size_t i = 0; i < record.size(); i++) {
    damaged.push_back(record.substr(0, i));
    damaged.push_back(record);
    damaged.back()[i] = static_cast<char>(damaged.back()[i] ^ 0x21);
  }
  for (const std::string& bytes : damaged) {
    LimitSet after(config, at_s(100));
    ASSERT_FALSE(after.restore(bytes, at_s(100), true, Duration::seconds(10)));
    ASSERT_EQ(after.next(at_s(100), 1), at_s(110).steady + WindowLimit::hold_of(Duration::minutes(1)));
  }
}

RC_GTEST_PROP(SpendsRecord, HostileBytesAreReadWithoutHarm, (const std::string& bytes)) {
  SpendsRecord record;
  RC_ASSERT(!decode("\1" + bytes, &record));
}

RC_GTEST_PROP(SpendsRecord, ComesBackAsItWent, ()) {
  World world(sink({window(50, second), window(4'000'000, Duration::days(1)), bucket(60, second, 20)}), draw_weather(),
              draw_seed(), draw_start());
  world.run_for(draw_ms(0, 20'000));
  const std::string bytes = world.limits().save(world.now());
  SpendsRecord record;
  RC_ASSERT(decode(bytes, &record));
  RC_ASSERT(encode(record) == bytes);
}

TEST(SpendsRecord, ADayIsAtMost512GroupsAndSomeKilobyte) {
  LimitSet limits(unpaced({window(1'000'000, Duration::days(1))}), at_s(0));
  for (int s = 0; s < 86'400; s += 2) spend(&limits, 20, at_s(s));
  const std::string bytes = limits.save(at_s(86'400));
  SpendsRecord record;
  ASSERT_TRUE(decode(bytes, &record));
  EXPECT_LE(record.windows[0].spent.size(), 512u);
  std::printf("  a day of spends in %zu groups, %zu bytes\n", record.windows[0].spent.size(), bytes.size());
  EXPECT_LT(bytes.size(), 4096u);
}

}  // namespace
}  // namespace forebay
