// How fast the world goes: the promise is two million core events a second of processor time. A loaded or a slower
// machine, and a sanitizer, take longer: the test holds it to a fraction of that and prints what it saw.
#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>

#include "tests/sim/plain_world.h"

namespace forebay::sim {
namespace {

TEST(WorldSpeed, plain_world) {
  Config config = plain_config();
  config.sinks["s"].limits = {window(100'000, Duration::seconds(1))};
  World world(config, WorldOptions{});
  IdealDownstream ideal(Duration::milliseconds(1));
  world.set_downstream("s", &ideal);
  Traffic steady = traffic(std::make_unique<Steady>(50'000, Duration::seconds(1), Duration{}, Duration::seconds(20)));
  world.add_source(&steady);
  const std::clock_t begun = std::clock();
  EXPECT_TRUE(world.run_until_idle(Duration::minutes(2)));
  const double took = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  const double per_second = static_cast<double>(world.counts().core_events()) / took;
  std::printf("%llu core events in %.2f s: %.2f million a second\n",
              static_cast<unsigned long long>(world.counts().core_events()), took, per_second / 1e6);
  EXPECT_EQ(world.counts().delivered, 1'000'000u);
  EXPECT_GT(per_second, 100'000);
}

}  // namespace
}  // namespace forebay::sim
