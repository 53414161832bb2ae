// After an outage: what arrives at a sink that comes back while a hundred thousand messages wait for it.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

struct Outage {
  const char* name;
  std::function<Outcome()> answer;  // while it lasts
};

Config three_hundred_a_second() {
  Config config = CoreWorld::simple();
  LimitConfig limit;
  limit.count = 300;
  limit.per = second;
  config.sinks["s"].limits = {limit};
  config.queues["q"].retry.max_attempts = 100;
  return config;
}

class SlowStartLoop : public testing::TestWithParam<Outage> {};

TEST_P(SlowStartLoop, NoHerdAfterFiveMinutesAndWholeAgainWithinTenSeconds) {
  CoreWorld world(three_hundred_a_second());
  for (int i = 0; i < 100'000; i++) world.accept();
  const Instant begins = world.now.steady + second * 10, ends = begins + Duration::minutes(5);
  world.run(ends + Duration::minutes(2), Duration::milliseconds(5), [&](const Send&) {
    const bool away = world.now.steady >= begins && world.now.steady < ends;
    return away ? GetParam().answer() : CoreWorld::delivered();
  });
  uint64_t before = 0, during = 0;
  std::map<int64_t, uint64_t> after;  // by second since the first arrival
  Instant first = Instant::never();
  for (const auto& [at, send] : world.sent) {
    if (at < begins) ++before;
    if (at >= begins && at < ends) ++during;
    if (at < ends) continue;
    first = std::min(first, at);
    ++after[(at - first).ns / second.ns];
  }
  std::printf("  %s: %lu sent during the outage; back %.1f s after its end; then by second", GetParam().name,
              static_cast<unsigned long>(during), (first - ends).as_seconds());
  for (int64_t s = 0; s < 10; s++) std::printf(" %lu", static_cast<unsigned long>(after[s]));
  std::printf("\n");
  EXPECT_GE(before, 2900u);
  EXPECT_LE(first - ends, second * 31);
  EXPECT_LE(after[0], 31u) << "a tenth of the limit, and the probe";
  EXPECT_LE(during, 1000u) << "of 90,000";
  EXPECT_GE(after[9], 290u);
}

INSTANTIATE_TEST_SUITE_P(Core, SlowStartLoop,
                         testing::Values(Outage{"503", [] { return CoreWorld::outcome(Outcome::Kind::retry, 503); }},
                                         Outage{"no connection",
                                                [] {
                                                  Outcome refused = CoreWorld::outcome(Outcome::Kind::retry);
                                                  refused.sent = false;
                                                  return refused;
                                                }},
                                         Outage{"429, Retry-After: 30",
                                                [] {
                                                  Outcome throttled = CoreWorld::outcome(Outcome::Kind::throttled, 429);
                                                  throttled.retry_after = second * 30;
                                                  return throttled;
                                                }}),
                         [](const auto& param) { return "Outage" + std::to_string(param.index); });

}  // namespace
}  // namespace forebay
