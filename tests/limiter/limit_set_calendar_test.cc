// LimitSet with calendars, lanes and limits in shadow.
#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "generators.h"
#include "limiter/limit_name.h"
#include "limiter/limit_set.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

Now now_at(const char* text) {
  const WallTime wall = *parse_rfc3339(text);
  return {Instant{wall.ns}, wall};
}
Now later(Now now, Duration time) {
  return {now.steady + time, now.wall + time};
}
SinkConfig unpaced(std::vector<LimitConfig> limits) {
  SinkConfig config = sink(std::move(limits));
  config.pace_off = true;
  return config;
}
LimitConfig shadow(LimitConfig config) {
  config.enforce = false;
  return config;
}
LimitConfig with_otp(LimitConfig config, double share) {
  config.reserve = {{"otp", share}};
  return config;
}
void spend(LimitSet* limits, int n, Now now, uint8_t lane = 0) {
  for (int i = 0; i < n; i++) {
    limits->take(now, 1, Instant::never(), lane);
    limits->settle({now.steady, 1, lane}, now, SettledAs::ok);
  }
}

const Now noon = now_at("2026-05-01T12:00:00Z");
const Now midnight = now_at("2026-05-02T00:00:02Z");

TEST(LimitSetCalendar, BlocksAClassAndThenEverybody) {
  LimitSet limits(unpaced({with_otp(calendar(10), 0.2)}), noon);
  const uint8_t otp = limits.lane("otp");
  EXPECT_EQ(otp, 1);
  EXPECT_EQ(limits.lane("marketing"), 0);
  EXPECT_EQ(limits.max_cost(), 8u);
  EXPECT_EQ(limits.max_cost(otp), 10u);
  spend(&limits, 8, noon);
  EXPECT_EQ(limits.next(noon, 1), midnight.steady);
  EXPECT_EQ(limits.next_any(noon), noon.steady);
  LimitSet::Blocking blocking = limits.blocking(noon, 1);
  EXPECT_EQ(blocking.name, "10/day");
  EXPECT_EQ(blocking.until, midnight.steady);
  EXPECT_TRUE(blocking.by_reserve);
  EXPECT_TRUE(limits.blocking(noon, 1, otp).name.empty());
  spend(&limits, 2, noon, otp);
  EXPECT_EQ(limits.next_any(noon), midnight.steady);
  EXPECT_FALSE(limits.blocking(noon, 1).by_reserve);
  EXPECT_EQ(limits.next(midnight, 1), midnight.steady);
}

TEST(LimitSetCalendar, AsksTheCalendarForTheTimeAtWhichTheOthersAgree) {
  LimitSet limits(unpaced({window(5, Duration::hours(24)), calendar(3)}), noon);
  spend(&limits, 3, noon);
  // At midnight there are two permits of the window, and no more before noon.
  EXPECT_EQ(limits.next(noon, 2), midnight.steady);
  EXPECT_EQ(limits.next(noon, 3), noon.steady + WindowLimit::hold_of(Duration::hours(24)));
}

TEST(LimitSetCalendar, AClassKeepsItsLaneThroughAReload) {
  LimitSet limits(unpaced({with_otp(calendar(10), 0.2)}), noon);
  const uint8_t otp = limits.lane("otp");
  limits.take(noon, 1, Instant::never(), otp);
  LimitConfig other = calendar(20);
  other.reserve = {{"alert", 0.1}};
  limits.reconfigure(unpaced({other}), noon);
  EXPECT_EQ(limits.lane("otp"), 0);
  EXPECT_EQ(limits.lane("alert"), 2);
  limits.settle({noon.steady, 1, otp}, noon, SettledAs::not_sent);
  EXPECT_EQ(limits.views(noon)[0].remaining, 20.0);
}

TEST(LimitSetCalendar, ANewOneKnowsWhatIsOutAndWhatWasSpentInItsPeriod) {
  LimitSet limits(unpaced({window(100, Duration::hours(48))}), noon);
  spend(&limits, 7, noon);
  const Now next_day = later(midnight, Duration::hours(1));
  spend(&limits, 3, next_day);
  limits.take(next_day, 2);
  limits.reconfigure(unpaced({window(100, Duration::hours(48)), calendar(50)}), next_day);
  EXPECT_EQ(limits.views(next_day)[1].remaining, 45.0);
  limits.settle({next_day.steady, 2}, next_day, SettledAs::not_sent);
  EXPECT_EQ(limits.views(next_day)[1].remaining, 47.0);
  limits.reconfigure(
      unpaced({window(100, Duration::hours(48)), calendar(50), calendar(99, "", LimitConfig::Period::month)}),
      next_day);
  EXPECT_EQ(limits.views(next_day)[2].remaining, 89.0);
}

TEST(LimitSetCalendar, ARecordKeepsItAndItsLanes) {
  const SinkConfig config = unpaced({with_otp(calendar(100), 0.2)});
  LimitSet before(config, noon);
  spend(&before, 30, noon);
  spend(&before, 5, noon, before.lane("otp"));
  EXPECT_TRUE(before.has_long_window());
  EXPECT_EQ(before.ahead(), 6u);
  const std::string record = before.save(noon, before.ahead());
  LimitSet stopped(config, noon), killed(config, noon), damaged(config, noon), next_day(config, midnight);
  ASSERT_TRUE(stopped.restore(record, later(noon, second), true, {}));
  EXPECT_EQ(stopped.views(noon)[0].remaining, 65.0);
  EXPECT_EQ(stopped.next(later(noon, second), 51), midnight.steady);  // fifteen are kept for otp
  EXPECT_EQ(stopped.next(later(noon, second), 50), later(noon, second).steady);
  ASSERT_TRUE(killed.restore(record, later(noon, second), false, second));
  EXPECT_EQ(killed.views(noon)[0].remaining, 59.0);
  ASSERT_FALSE(damaged.restore(record.substr(1), later(noon, second), false, second));
  EXPECT_EQ(damaged.views(noon)[0].remaining, 0.0);
  EXPECT_EQ(damaged.views(midnight)[0].remaining, 100.0);
  // Killed at some time since, so as much as the record covers may have been sent just now.
  ASSERT_TRUE(next_day.restore(record, midnight, false, second));
  EXPECT_EQ(next_day.views(midnight)[0].remaining, 94.0);
}

TEST(LimitSetCalendar, WhatWasInFlightAtAKillMayBeCountedTheNextDay) {
  const SinkConfig config = unpaced({calendar(100)});
  const Now evening = now_at("2026-05-01T23:59:50Z");
  LimitSet before(config, evening);
  before.take(evening, 7);
  spend(&before, 3, evening);
  const std::string record = before.save(evening, 0);
  LimitSet soon(config, evening), late(config, evening), stopped(config, evening);
  ASSERT_TRUE(soon.restore(record, evening, false, second * 7));
  EXPECT_EQ(soon.views(evening)[0].remaining, 90.0);
  EXPECT_EQ(soon.views(midnight)[0].remaining, 100.0);
  ASSERT_TRUE(late.restore(record, evening, false, second * 8));
  EXPECT_EQ(late.views(midnight)[0].remaining, 93.0);
  // An end in order that left something in flight gave it up then: for a timeout of 10 s.
  ASSERT_TRUE(stopped.restore(record, evening, true, {}));
  EXPECT_EQ(stopped.views(midnight)[0].remaining, 93.0);
}

TEST(LimitSetCalendar, ACostAboveWhatARecordCoversWaitsForTheNextOneOnly) {
  LimitSet limits(unpaced({calendar(160)}), noon);
  limits.cover(limits.ahead());
  EXPECT_EQ(limits.ahead(), 10u);
  EXPECT_TRUE(limits.next(noon, 25).is_never());
  EXPECT_EQ(limits.blocking(noon, 25).name, "160/day");
  EXPECT_EQ(limits.ahead(), 25u);
  limits.cover(limits.taken() + limits.ahead());
  EXPECT_EQ(limits.next(noon, 25), noon.steady);
}

TEST(LimitSetCalendar, AQueuesLimitsHaveNoConcurrency) {
  QueueConfig queue;
  queue.limits = {window(2, second), calendar(100)};
  SinkConfig of_sink = unpaced({});
  of_sink.concurrency = 1;
  LimitSet limits(limit_set_config(queue, of_sink), noon);
  limits.take(noon, 1);
  EXPECT_EQ(limits.next(noon, 1), noon.steady);
  EXPECT_EQ(limits.in_flight(), 1u);
  EXPECT_EQ(limits.views(noon).size(), 2u);
  EXPECT_EQ(limits.views(noon)[0].remaining, 1.0);
}

TEST(LimitSetShadow, CountsAndNeverBlocks) {
  LimitSet limits(
      unpaced({shadow(window(5, second)), shadow(bucket(1, second, 2)), shadow(calendar(8)), window(100, second)}),
      noon);
  for (int i = 0; i < 10; i++) {
    ASSERT_EQ(limits.next(noon, 1), noon.steady);
    limits.take(noon, 1);
  }
  EXPECT_TRUE(limits.blocking(noon, 1).name.empty());
  std::vector<LimitSet::View> views = limits.views(noon);
  EXPECT_FALSE(views[0].enforced);
  EXPECT_TRUE(views[3].enforced);
  EXPECT_EQ(views[0].exceeded, 5u);
  EXPECT_EQ(views[1].exceeded, 8u);
  EXPECT_EQ(views[2].exceeded, 2u);
  EXPECT_EQ(views[3].exceeded, 0u);
  EXPECT_EQ(views[0].remaining, 0.0);
  for (int i = 0; i < 10; i++) limits.settle({noon.steady, 1}, noon, SettledAs::ok);
  const Now next_second = later(noon, second * 2);
  EXPECT_EQ(limits.views(next_second)[0].remaining, 5.0);
  for (int i = 0; i < 5; i++) limits.take(next_second, 1);
  EXPECT_EQ(limits.views(next_second)[0].exceeded, 5u);
  EXPECT_EQ(limits.max_cost(), 100u);
  EXPECT_DOUBLE_EQ(limits.rate_per_second(), 100.0);
  EXPECT_FALSE(limits.has_long_window());
}

TEST(LimitSetShadow, IsNotPacedAndHoldsNothingAfterARestart) {
  const SinkConfig config = sink({shadow(window(1, second)), shadow(window(5, Duration::hours(1)))});
  LimitSet before(config, noon), after(config, noon);
  spend(&before, 20, noon);
  ASSERT_TRUE(after.restore(before.save(noon), noon, false, second));
  EXPECT_EQ(after.next(noon, 1), noon.steady);
  ASSERT_FALSE(LimitSet(config, noon).restore("", noon, false, second));
}

TEST(LimitSetShadow, EnforcedFromAReloadOnKnowsWhatItCounted) {
  LimitSet limits(unpaced({shadow(window(5, second))}), noon);
  for (int i = 0; i < 7; i++) limits.take(noon, 1);
  limits.reconfigure(unpaced({window(5, second)}), noon);
  EXPECT_TRUE(limits.next(noon, 1).is_never());
  for (int i = 0; i < 7; i++) limits.settle({noon.steady, 1}, noon, SettledAs::ok);
  EXPECT_EQ(limits.next(noon, 1), noon.steady + WindowLimit::hold_of(second));
  EXPECT_EQ(limits.next(later(noon, second * 2), 5), later(noon, second * 2).steady);
}

TEST(LimitName, OfACalendarIsItsCountAndPeriod) {
  EXPECT_EQ(canonical_name(calendar(1'000'000)), "1000000/day");
  EXPECT_EQ(canonical_name(calendar(5000, "", LimitConfig::Period::week)), "5000/week");
  EXPECT_EQ(canonical_name(calendar(100'000, "", LimitConfig::Period::month)), "100000/month");
}

}  // namespace
}  // namespace forebay
