#include "relay/sink_lane.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

using Kind = Outcome::Kind;

constexpr Duration second = Duration::seconds(1);

SinkConfig three_hundred() {
  SinkConfig config;
  config.name = "s";
  config.limits.emplace_back();
  config.limits[0].count = 300;
  config.limits[0].per = second;
  config.breaker.failures = 2;
  return config;
}

struct Lane {
  explicit Lane(const SinkConfig& config = three_hundred()) : lane(1, config, now) {}

  void pass(Duration time) { now.steady = now.steady + time; }
  bool opens_now() const { return lane.opens(now) <= now.steady; }
  uint64_t count() const { return lane.limits().views(now)[0].effective; }
  void attempt(Kind kind) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.reason = "because";
    const bool probe = lane.sent();
    lane.ended(outcome, probe, kind == Kind::dead, now, now.steady);
  }

  Now now{Instant{} + second * 1000, {}};
  SinkLane lane;
};

TEST(SinkLane, TheBreakerIsTheLanesState) {
  Lane world;
  world.attempt(Kind::retry);
  EXPECT_EQ(world.lane.state(world.now), LaneState::open);
  world.attempt(Kind::unanswered);
  EXPECT_EQ(world.lane.state(world.now), LaneState::breaker);
  EXPECT_EQ(world.lane.reason(world.now), "2 failures in a row, last: because");
  EXPECT_EQ(world.lane.opens(world.now), world.now.steady + second);
  world.pass(second);
  EXPECT_TRUE(world.lane.sent());
  EXPECT_TRUE(world.lane.opens(world.now).is_never());
  world.lane.withdrawn(true);
  EXPECT_TRUE(world.opens_now());
  EXPECT_EQ(world.lane.in_flight(), 0u);
  world.attempt(Kind::delivered);
  EXPECT_EQ(world.lane.state(world.now), LaneState::open);
}

TEST(SinkLane, AThrottleThatOutlastsTheBreakersWaitIsWaitedForToo) {
  Lane world;
  world.attempt(Kind::sink_fault);
  world.lane.throttle(world.now, second * 20, "http 429");
  EXPECT_EQ(world.lane.state(world.now), LaneState::breaker);
  EXPECT_EQ(world.lane.opens(world.now), world.now.steady + second * 20);
}

TEST(SinkLane, StartsSlowlyAfterABreakerAndAfterALongThrottleOnly) {
  Lane breaker;
  breaker.attempt(Kind::sink_fault);
  breaker.pass(second);
  EXPECT_EQ(breaker.count(), 300u);
  breaker.attempt(Kind::delivered);
  EXPECT_EQ(breaker.count(), 30u);

  Lane brief;
  for (int i = 0; i < 10; i++) brief.lane.throttle(brief.now, second, "http 429"), brief.pass(second / 2);
  EXPECT_EQ(brief.count(), 300u);
  brief.lane.throttle(brief.now, second * 2, "http 429");
  EXPECT_EQ(brief.count(), 30u);
}

TEST(SinkLane, AReloadKeepsWhatIsGoingOn) {
  Lane world;
  world.attempt(Kind::sink_fault);
  world.lane.pause("by an operator");
  world.lane.limits().take(world.now, 1);
  world.lane.sent();
  SinkConfig config = three_hundred();
  config.limits[0].count = 500;
  config.retry_budget = 0;
  world.lane.reconfigure(config, world.now);
  EXPECT_TRUE(world.lane.paused());
  world.lane.resume();
  EXPECT_EQ(world.lane.state(world.now), LaneState::breaker);
  EXPECT_EQ(world.lane.in_flight(), 1u);
  EXPECT_EQ(world.lane.limits().in_flight(), 1u);
  EXPECT_EQ(world.count(), 500u);
  EXPECT_EQ(world.lane.config().limits[0].count, 500u);
  EXPECT_FALSE(world.lane.retry_budget().allows(true));
}

}  // namespace
}  // namespace forebay
