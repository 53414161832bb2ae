// A few random worlds in each run, and what the whole thing stands on: the same seed makes the same run, twice in a
// row.
#include <gtest/gtest.h>

#include "sim/random_world.h"

namespace forebay::sim {
namespace {

ScenarioResult play(uint64_t seed) {
  const Scenario scenario = random_scenario(seed);
  const ScenarioResult result = run_scenario(scenario, seed);
  for (const std::string& failure : result.failures) {
    ADD_FAILURE() << "seed " << seed << ": " << failure << "\n" << describe(scenario);
  }
  return result;
}

TEST(RandomWorld, same_seed_same_digest_twice_in_a_row) {
  const ScenarioResult once = play(4711), again = play(4711);
  EXPECT_EQ(once.digest, again.digest);
  EXPECT_EQ(once.counts.core_events(), again.counts.core_events());
  EXPECT_GT(once.counts.accepted, 1'000u);
}

TEST(RandomWorld, a_handful_of_seeds) {
  for (uint64_t seed = 1; seed <= 6; ++seed) play(seed);
}

}  // namespace
}  // namespace forebay::sim
