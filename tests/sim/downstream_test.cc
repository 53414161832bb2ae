// Downstreams count as they say: each meter at its edge, and a gateway that sees a relay send too much.
#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "sim/gateway.h"
#include "tests/sim/plain_world.h"

namespace forebay::sim {
namespace {

Now at(Duration d, WallTime wall = {}) {
  return {Instant{d.ns}, wall + d};
}

TEST(Meters, a_sliding_window_is_open_at_its_far_end) {
  SlidingMeter meter(2, Duration::seconds(1));
  meter.count(at({}), 1);
  meter.count(at(Duration::milliseconds(500)), 1);
  EXPECT_FALSE(meter.has_room(at(Duration::nanoseconds(999'999'999)), 1));
  EXPECT_EQ(meter.until_room(at(Duration::milliseconds(600)), 1), Duration::milliseconds(400));
  EXPECT_TRUE(meter.has_room(at(Duration::seconds(1)), 1));
  EXPECT_FALSE(meter.has_room(at(Duration::seconds(1)), 2));
  EXPECT_EQ(meter.worst(), 2u);
}

TEST(Meters, fixed_windows_go_by_a_clock_of_their_own) {
  FixedMeter meter(1, Duration::seconds(1), Duration::milliseconds(300));
  meter.count(at(Duration::milliseconds(600)), 1);
  EXPECT_FALSE(meter.has_room(at(Duration::milliseconds(699)), 1));
  EXPECT_TRUE(meter.has_room(at(Duration::milliseconds(700)), 1));
}

TEST(Meters, a_bucket_fills_at_its_rate) {
  BucketMeter meter(10, Duration::seconds(1), 5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(meter.has_room(at({}), 1));
    meter.count(at({}), 1);
  }
  EXPECT_FALSE(meter.has_room(at(Duration::milliseconds(99)), 1));
  EXPECT_TRUE(meter.has_room(at(Duration::milliseconds(100)), 1));
  EXPECT_FALSE(meter.has_room(at(Duration::milliseconds(199)), 2));
}

// On 2026-03-29 Berlin has 23 hours: from 23:00 to 22:00 UTC.
TEST(Meters, days_are_those_of_the_zone) {
  DayMeter meter(1, "Europe/Berlin", Duration{});
  const auto wall = [](const char* text) { return Now{{}, *parse_rfc3339(text)}; };
  meter.count(wall("2026-03-28T23:00:00Z"), 1);
  EXPECT_FALSE(meter.has_room(wall("2026-03-29T21:59:59Z"), 1));
  EXPECT_EQ(meter.until_room(wall("2026-03-29T21:59:59Z"), 1), Duration::seconds(1));
  EXPECT_TRUE(meter.has_room(wall("2026-03-29T22:00:00Z"), 1));
}

TEST(Meters, keys_have_windows_each) {
  KeyMeter meter({{1, Duration::minutes(1)}, {2, Duration::hours(1)}});
  meter.count(7, Instant{});
  EXPECT_FALSE(meter.has_room(7, Instant{} + Duration::seconds(59)));
  EXPECT_TRUE(meter.has_room(8, Instant{} + Duration::seconds(59)));
  meter.count(7, Instant{} + Duration::seconds(60));
  EXPECT_FALSE(meter.has_room(7, Instant{} + Duration::minutes(59)));
  EXPECT_TRUE(meter.has_room(7, Instant{} + Duration::hours(1)));
  meter.count(7, Instant{} + Duration::seconds(90));
  EXPECT_EQ(meter.windows()[0].worst, 2u);
}

// A relay that is allowed 400/s in front of a gateway that takes 300/s: it must be caught.
uint64_t refused_by(bool counts_refused) {
  Config config = plain_config();
  config.sinks["s"].limits = {bucket(400, Duration::seconds(1))};
  World world(config, WorldOptions{});
  Gateway gateway(Network(Network::Kind::lan, {}, 1), 2);
  gateway.bounds.push_back({std::make_unique<SlidingMeter>(300, Duration::seconds(1)), "300/1s", true, {}});
  gateway.counts_refused = counts_refused;
  world.set_downstream("s", &gateway);
  Traffic burst = traffic(std::make_unique<Burst>(2'000, Duration{}, Duration{}, Duration{}));
  world.add_source(&burst);
  world.run_until(Duration::seconds(20));
  EXPECT_EQ(gateway.arrived(), gateway.taken() + gateway.refused());
  return gateway.refused();
}

TEST(Gateways, see_a_relay_that_sends_too_much) {
  EXPECT_GT(refused_by(false), 0u);
  EXPECT_GT(refused_by(true), 0u);
}

TEST(Gateways, know_their_capacity_when_their_bound_moves) {
  Gateway gateway(Network(Network::Kind::lan, {}, 1), 2);
  gateway.bounds.push_back({std::make_unique<SlidingMeter>(100, Duration::seconds(1)),
                            "100/1s",
                            true,
                            {{Instant{}, 100}, {Instant{} + Duration::seconds(10), 40}}});
  EXPECT_DOUBLE_EQ(gateway.capacity(Instant{}, Instant{} + Duration::seconds(20)), 1'400);
  EXPECT_DOUBLE_EQ(gateway.capacity(Instant{} + Duration::seconds(15), Instant{} + Duration::seconds(20)), 200);
}

}  // namespace
}  // namespace forebay::sim
