// Spends across kill -9 and power cuts, again and again: records are synced late, and the last ones may be lost.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "generators.h"
#include "keeper.h"
#include "limiter/limit_set.h"
#include "limiter/spends.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

RC_GTEST_PROP(SpendsCrash, NoWindowIsEverAboveItsCount, ()) {
  const uint64_t count = *rc::gen::element<uint64_t>(1, 5, 100, 1000);
  const Duration per = *rc::gen::element(Duration::seconds(11), Duration::minutes(1), Duration::minutes(5));
  SinkConfig config = sink({window(count, per)});
  if (*rc::gen::arbitrary<bool>()) config.limits.push_back(window(50, second));
  draw_pace(&config);
  config.timeout = draw_ms(1, 3000);
  config.concurrency = *rc::gen::element(1u, 20u, 1000u);
  Weather weather = draw_weather();
  weather.saturated = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
  World world(config, weather, draw_seed(), draw_start());
  Disk disk;
  const int lives = *rc::gen::inRange(2, 7);
  for (int life = 0; life < lives; life++) {
    if (life > 0) restore_unclean(world, disk.found(*rc::gen::arbitrary<bool>()), config.timeout);
    disk.written.reset();
    // Now and then the journal is stuck for longer than the process lives.
    Keeper keeper(world, disk, draw_ms(0, *rc::gen::element(20, 500, 60'000)));
    keeper.run_for(draw_ms(0, 20'000));
    const bool reboot = *rc::gen::arbitrary<bool>();
    world.begin_process(reboot ? world.true_ns() - 1000 : world.epoch(), 0);
    world.rest_for(draw_ms(0, *rc::gen::element(0, 2000, 100'000)));
  }
  for (const LimitConfig& limit : config.limits) RC_ASSERT(world.downstream().worst(limit.per) <= limit.count);
}

TEST(SpendsCrash, AShortAbsenceNeitherResetsTheQuotaNorShutsIt) {
  SinkConfig config = sink({window(1000, Duration::hours(1))});
  config.pace_off = true;
  Weather weather;
  weather.out_min = weather.back_min = Duration::milliseconds(1);
  weather.saturated = false, weather.burst = 20, weather.pause = second;
  World world(config, weather, 1, Duration::hours(2).ns);
  Disk disk;
  {
    Keeper keeper(world, disk, Duration::milliseconds(20));
    keeper.run_for(second * 30);
  }
  const uint64_t sent = world.sent();
  ASSERT_GT(sent, 300u);
  ASSERT_LT(sent, 900u);
  // Ten minutes away: what the old process can have sent beyond its record is 62, not 600 s' worth.
  world.begin_process(0, 0);
  world.rest_for(Duration::minutes(10));
  restore_unclean(world, disk.found(true), config.timeout);
  const double used = world.limits().views(world.now())[0].utilization * 1000;
  EXPECT_GE(used, static_cast<double>(sent));
  EXPECT_LE(used, static_cast<double>(sent) + 62 + 20);
}

TEST(SpendsCrash, NothingIsSentThatNoSyncedRecordCovers) {
  LimitSet limits(sink({window(160, Duration::hours(1))}), {});
  limits.cover(0);
  EXPECT_TRUE(limits.next({}, 1).is_never());
  EXPECT_EQ(limits.blocking({}, 1).name, "160/1h");
  EXPECT_EQ(limits.ahead(), 10u);
  limits.cover(limits.ahead());
  for (int i = 0; i < 10; i++) {
    const Now now{limits.next({}, 1), {}};
    ASSERT_FALSE(now.steady.is_never());
    limits.take(now, 1);
  }
  EXPECT_TRUE(limits.next({}, 1).is_never());
  limits.cover(5);  // never less than before
  limits.cover(limits.taken() + 1);
  EXPECT_FALSE(limits.next({}, 1).is_never());
}

TEST(SpendsCrash, WhereNothingWasEverRecordedOnlyShortWindowsAndBucketsAreHeld) {
  SinkConfig config = sink({window(5, second), window(100, Duration::hours(1)), bucket(10, second, 5)});
  LimitSet limits(config, {});
  limits.restore_unrecorded({}, second * 10);
  EXPECT_DOUBLE_EQ(limits.views({})[0].utilization, 1.0);
  EXPECT_DOUBLE_EQ(limits.views({})[1].utilization, 0.0);
  EXPECT_DOUBLE_EQ(limits.views({})[2].utilization, 1.0);
}

TEST(SpendsCrash, ARecordOfTheVersionBeforeIsReadAndCoversEverything) {
  LimitSet before(sink({window(100, Duration::hours(1))}), {});
  SpendsRecord record;
  ASSERT_TRUE(decode(before.save({}, 7), &record));
  EXPECT_EQ(record.ahead, 7u);
  // As version 1 wrote it: wall 0, steady 0, in flight 3, no window, no bucket, no pace.
  std::string bytes("\1\0\0\3\0\0\0", 7);
  uint32_t hash = 2166136261u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  for (unsigned i = 0; i < 4; i++) bytes.push_back(static_cast<char>(hash >> (8 * i)));
  ASSERT_TRUE(decode(bytes, &record));
  EXPECT_EQ(record.in_flight, 3u);
  EXPECT_EQ(record.ahead, UINT64_MAX);
}

}  // namespace
}  // namespace forebay
