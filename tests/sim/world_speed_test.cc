// How fast the world goes: the promise is two million core events a second. A loaded machine is slower, so the test
// holds it to a quarter of that and prints what it saw.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

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
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(world.run_until_idle(Duration::minutes(2)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const double per_second = static_cast<double>(world.counts().core_events()) / took.count();
  std::printf("%llu core events in %.2f s: %.2f million a second\n",
              static_cast<unsigned long long>(world.counts().core_events()), took.count(), per_second / 1e6);
  EXPECT_EQ(world.counts().delivered, 1'000'000u);
  EXPECT_GT(per_second, 500'000);
}

}  // namespace
}  // namespace forebay::sim
