// Delays, many and long: each message goes at its time, whatever the wall clock does meanwhile.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/random.h"
#include "tests/relay/core_world.h"

namespace forebay {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t many = 100'000;
#else
constexpr size_t many = 1'000'000;
#endif

Config wide() {
  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 10'000;
  config.queues["q"].max_messages = 2 * many;
  config.queues["q"].max_bytes = 1ull << 40;
  return config;
}

// By sequence, when each is due.
std::vector<Instant> accept_many(CoreWorld& world, Duration within, bool by_wall) {
  Random random(7);
  std::vector<Instant> due(1);
  for (size_t i = 0; i < many; ++i) {
    AdmitRequest request;
    request.queue = 1;
    const Duration delay =
        Duration::milliseconds(static_cast<int64_t>(random.below(static_cast<uint64_t>(within.ms()))));
    if (by_wall) {
      request.not_before = world.now.wall + delay;
    } else {
      request.delay = delay;
    }
    world.accept(request);
    due.push_back(world.now.steady + delay);
  }
  return due;
}

void expect_on_time(const CoreWorld& world, const std::vector<Instant>& due) {
  ASSERT_EQ(world.sent.size(), many);
  Duration early{}, late{};
  for (const auto& [at, send] : world.sent) {
    early = std::max(early, due[send.sequence] - at);
    late = std::max(late, at - due[send.sequence]);
  }
  std::printf("  %zu delayed messages: at most %.1f ms early, %.1f ms late\n", many, early.as_seconds() * 1e3,
              late.as_seconds() * 1e3);
  EXPECT_LE(early, Duration::milliseconds(1));
  EXPECT_LE(late, Duration::milliseconds(10));
}

TEST(Delays, AMillionWithinMinutesGoAtTheirTime) {
  CoreWorld world(wide());
  const auto due = accept_many(world, Duration::minutes(5), false);
  world.run(world.now.steady + Duration::minutes(10), Duration{}, [](const Send&) { return CoreWorld::delivered(); });
  expect_on_time(world, due);
}

TEST(Delays, AYearAheadAndTheClockIsSteppedMeanwhile) {
  CoreWorld world(wide());
  const auto due = accept_many(world, Duration::hours(24 * 365), false);
  const auto deliver = [](const Send&) { return CoreWorld::delivered(); };
  for (int month = 0; month < 13; ++month) {
    world.step_wall(Duration::hours(month % 2 == 0 ? 5 : -7));
    world.run(world.now.steady + Duration::hours(24 * 30), Duration{}, deliver);
  }
  expect_on_time(world, due);
}

// `not_before` is a time of the wall: a clock that is set right moves it.
TEST(Delays, ATimeOfTheWallFollowsTheClock) {
  CoreWorld world(wide());
  AdmitRequest request;
  request.queue = 1;
  request.not_before = world.now.wall + Duration::hours(2);
  world.accept(request);
  world.step_wall(Duration::hours(1));
  const Instant start = world.now.steady;
  world.run(start + Duration::hours(3), Duration{}, [](const Send&) { return CoreWorld::delivered(); });
  ASSERT_EQ(world.sent.size(), 1u);
  const Duration after = world.sent.front().first - start;
  EXPECT_NEAR(after.as_seconds(), 3600, 60);
}

}  // namespace
}  // namespace forebay
