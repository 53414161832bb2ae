// The simulated shell: closed forms that a burst must follow, crashes, and the same digest twice.
#include <gtest/gtest.h>

#include "tests/sim/plain_world.h"

namespace forebay::sim {
namespace {

// The k-th of a burst, from 0, waits k/r: a bucket of burst 1 is that line, to the nanosecond.
TEST(World, burst_drains_along_the_line) {
  Config config = plain_config();
  config.sinks["s"].limits = {bucket(500, Duration::seconds(1))};
  World world(config, instant_world());
  IdealDownstream ideal(Duration::milliseconds(1));
  world.set_downstream("s", &ideal);
  Traffic burst = traffic(std::make_unique<Burst>(3'001, Duration::seconds(1), Duration{}, Duration{}));
  world.add_source(&burst);
  Delays seen;
  world.add_observer(&seen);
  EXPECT_TRUE(world.run_until_idle(Duration::minutes(1)));
  ASSERT_EQ(seen.delays.size(), 3'001u);
  for (size_t k = 0; k < seen.delays.size(); ++k) {
    ASSERT_EQ(seen.delays[k], Duration::milliseconds(2) * static_cast<int64_t>(k)) << k;
  }
  EXPECT_EQ(world.counts().delivered, 3'001u);
}

uint64_t digest_of_a_hard_minute(uint64_t seed) {
  Config config = plain_config();
  config.sinks["s"].limits = {window(50, Duration::seconds(1)), window(1'000, Duration::minutes(1))};
  WorldOptions options;
  options.seed = seed;
  World world(config, options);
  IdealDownstream ideal(Duration::milliseconds(30));
  world.set_downstream("s", &ideal);
  Traffic poisson = traffic(std::make_unique<Poisson>(40, Duration{}, Duration::seconds(30)), {}, {3}, seed);
  world.add_source(&poisson);
  world.at(Duration::seconds(10), [&] { world.crash(SimBacklog::Crash::killed, Duration::seconds(2)); });
  world.at(Duration::seconds(20), [&] { world.crash(SimBacklog::Crash::power_cut, Duration::seconds(1)); });
  EXPECT_TRUE(world.run_until_idle(Duration::minutes(10)));
  EXPECT_GE(world.counts().delivered, world.counts().accepted);
  return world.digest();
}

TEST(World, same_seed_same_digest) {
  EXPECT_EQ(digest_of_a_hard_minute(11), digest_of_a_hard_minute(11));
  EXPECT_NE(digest_of_a_hard_minute(11), digest_of_a_hard_minute(12));
}

}  // namespace
}  // namespace forebay::sim
