// How lanes are served: what the pace is told of those that waited, and what blocks a lane.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
constexpr Duration second = Duration::seconds(1);

// 100/1s, so a turn every 10 ms; concurrency above what matters.
Config paced() {
  Config config = CoreWorld::simple();
  LimitConfig limit;
  limit.count = 100;
  limit.per = second;
  config.sinks["s"].limits = {limit};
  config.sinks["s"].concurrency = 1000;
  return config;
}

void accept(CoreWorld& world, int n) {
  for (int i = 0; i < n; ++i) world.accept();
}

TEST(CoreServe, idling_earns_no_burst) {
  CoreWorld world(paced());
  accept(world, 1);
  EXPECT_EQ(world.tick().size(), 1u);
  world.advance(Duration::hours(1));
  EXPECT_TRUE(world.tick().empty());
  world.advance(Duration::milliseconds(30));
  accept(world, 10);
  EXPECT_EQ(world.tick().size(), 1u);
  EXPECT_EQ(world.wake, world.now.steady + Duration::milliseconds(10));
}

TEST(CoreServe, a_late_wake_is_made_up_for_within_the_tolerance) {
  CoreWorld world(paced());
  accept(world, 30);
  EXPECT_EQ(world.tick().size(), 1u);
  world.advance(Duration::milliseconds(35));  // woken 25 ms late: the turns at 10, 20 and 30 ms
  EXPECT_EQ(world.tick().size(), 3u);
  EXPECT_EQ(world.wake, world.now.steady + Duration::milliseconds(5));
  world.advance(Duration::milliseconds(505));  // half a second late: what 50 ms reach back to
  EXPECT_EQ(world.tick().size(), 6u);
}

TEST(CoreServe, a_sink_that_opens_again_begins_without_a_rush) {
  CoreWorld world(paced());
  accept(world, 30);
  const Send first = world.tick().at(0);
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.retry_after = second;
  world.core->settled(first.ticket, throttled, world.now);
  EXPECT_TRUE(world.tick().empty());
  world.advance(second + Duration::milliseconds(40));
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(CoreServe, the_time_lost_to_a_limit_is_counted_while_something_waits_for_it) {
  CoreWorld world(paced());
  const SinkLane& lane = *world.core->lanes()[0];
  accept(world, 3);
  const auto answer = [](const Send&) { return CoreWorld::delivered(); };
  world.run(world.now.steady + second, {}, answer);
  EXPECT_EQ(world.sent.size(), 3u);
  // Two turns of 10 ms; nothing waits after the third.
  EXPECT_NEAR(lane.blocked_seconds("100/1s", world.now), 0.020, 1e-6);
}

TEST(CoreServe, what_no_longer_waits_is_no_longer_blocked) {
  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 1;
  CoreWorld world(config);
  accept(world, 1);
  const Sequence second_one = world.accept();
  const Send first = world.tick().at(0);
  world.advance(second);
  ASSERT_TRUE(world.core->cancel(second_one, world.now));
  world.core->settled(first.ticket, CoreWorld::delivered(), world.now);
  world.tick();
  world.advance(second);
  EXPECT_EQ(world.core->lanes()[0]->blocked_seconds("concurrency", world.now), 1.0);
}

// 10/1s, replies after 100 ms: with the margin a permit is away for 1.015 s, without it for 1.1 s.
TEST(CoreServe, another_address_begins_without_a_return_margin) {
  Config config = paced();
  config.sinks["s"].limits[0].count = 10;
  config.sinks["s"].pace_off = true;
  CoreWorld world(config);
  accept(world, 1000);
  std::string peer = "192.0.2.1";
  const auto answer = [&](const Send&) {
    Outcome outcome = CoreWorld::delivered();
    outcome.peer = peer;
    return outcome;
  };
  const auto sent_in_ten_seconds = [&] {
    const size_t before = world.sent.size();
    world.run(world.now.steady + second * 10, Duration::milliseconds(100), answer);
    return world.sent.size() - before;
  };
  world.run(world.now.steady + second * 20, Duration::milliseconds(100), answer);
  const size_t with = sent_in_ten_seconds();
  peer = "192.0.2.2";
  EXPECT_LT(sent_in_ten_seconds(), with);
  EXPECT_EQ(sent_in_ten_seconds(), with) << "and learns anew";
}

}  // namespace
}  // namespace forebay
