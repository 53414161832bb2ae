// Calendars before downstreams that count by their own clock, over midnights, clock steps and restarts.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "base/rfc3339.h"
#include "base/zone.h"
#include "generators.h"
#include "keeper.h"
#include "limiter/limit_set.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

int64_t at(const char* text) {
  return parse_rfc3339(text)->ns;
}

// In which local day a moment is, by clocks of that zone.
struct DaysOf {
  const Zone* zone;
  int64_t operator()(int64_t ns) const { return day_of(zone->forward(WallTime{ns})); }
};

struct Place {
  const char* zone;
  const char* day_before;  // near a change of its clocks
};

Place draw_place() {
  return *rc::gen::element(
      Place{"Europe/Berlin", "2026-03-26T12:00:00Z"}, Place{"Europe/Berlin", "2026-10-22T12:00:00Z"},
      Place{"America/New_York", "2026-03-06T12:00:00Z"}, Place{"Asia/Shanghai", "2026-05-01T02:00:00Z"},
      Place{"Asia/Beirut", "2026-03-27T12:00:00Z"}, Place{"Australia/Lord_Howe", "2026-04-03T01:00:00Z"},
      Place{"America/Havana", "2026-10-30T12:00:00Z"});
}

Weather draw_midnight_weather() {
  Weather weather = draw_weather();
  weather.cost_max = *rc::gen::element(1u, 1u, 3u);
  weather.lanes = static_cast<uint8_t>(*rc::gen::inRange(0, 3));
  return weather;
}

SinkConfig draw_calendar(const char* zone) {
  SinkConfig config = sink({calendar(*rc::gen::element<uint64_t>(6, 40, 300), zone)});
  config.limits[0].reserve = {{"otp", 0.2}, {"alert", 0.3}};
  config.timeout = draw_ms(1, 3000);
  if (*rc::gen::arbitrary<bool>()) config.limits.push_back(window(7, second));
  draw_pace(&config);
  return config;
}

Duration draw_skew() {
  return *rc::gen::element(second * -2, second * 2, Duration{}, Duration::milliseconds(-1700), second);
}

// True time is the downstream's; the process is up to 2 s beside it, and is set right, or wrong, within that. The worst
// that can be tried: a day of which little is used sends over its midnight, then the next one sends all it may.
// `between`: what befalls the process in the middle of that.
void try_midnights(World& world, const Zone& zone, const std::function<void()>& between) {
  const int64_t first = DaysOf{&zone}(world.true_ns()) + 1;
  for (int64_t day = first; day < first + 6; day += 2) {
    world.rest_for(Duration{zone.first(start_of_day(day)).ns - world.true_ns()} - second * 12);
    world.weather().saturated = false;
    world.weather().burst = *rc::gen::element<uint64_t>(1, 3, 12);
    world.weather().pause = draw_ms(100, 3000);
    for (int part = 0; part < 8; part++) {
      world.set_wall(draw_skew());
      world.run_for(draw_ms(500, 5000));
      between();
    }
    world.weather().saturated = true;
    world.run_for(second * 100);
  }
}

RC_GTEST_PROP(CalendarWorld, NoDownstreamWhoseClockIsTwoSecondsOffCountsMore, ()) {
  const Place place = draw_place();
  const SinkConfig config = draw_calendar(place.zone);
  World world(config, draw_midnight_weather(), draw_seed(), at(place.day_before));
  try_midnights(world, *find_zone(place.zone), [] {});
  RC_ASSERT(world.downstream().most_in(DaysOf{find_zone(place.zone)}) <= config.limits[0].count);
}

// A record is written when a life begins and, on a disk that is never late, after each part.
RC_GTEST_PROP(CalendarWorld, NorAcrossRestartsOfAnyKind, ()) {
  const Place place = draw_place();
  SinkConfig config = draw_calendar(place.zone);
  config.concurrency = *rc::gen::element(1u, 20u, 1000u);
  World world(config, draw_midnight_weather(), draw_seed(), at(place.day_before));
  std::string synced;
  const auto record = [&] {
    const uint64_t ahead = std::max<uint64_t>(world.limits().ahead(), 3);
    synced = world.limits().save(world.now(), ahead);
    world.limits().cover(world.limits().taken() + ahead);
  };
  record();
  try_midnights(world, *find_zone(place.zone), [&] {
    const int what = *rc::gen::inRange(0, 4);
    if (what == 0) return;
    if (what == 1) return record();
    if (what == 2) {
      world.close_all();
      synced = world.limits().save(world.now(), 0);
    }
    const bool reboot = *rc::gen::arbitrary<bool>();
    world.begin_process(reboot ? world.true_ns() - 1000 : world.epoch(), draw_skew().ns);
    world.rest_for(draw_ms(0, 1500));
    RC_ASSERT(world.limits().restore(synced, world.now(), what == 2, what == 2 ? Duration{} : config.timeout));
    record();
  });
  RC_ASSERT(world.downstream().most_in(DaysOf{find_zone(place.zone)}) <= config.limits[0].count);
}

// Under saturation a day's quota goes in its first minutes, and all of it does.
TEST(CalendarWorld, EveryDayUsesAllOfItsQuota) {
  SinkConfig config = sink({window(50, second), calendar(2000, "Europe/Berlin")});
  Weather weather;
  weather.out_min = weather.back_min = Duration::milliseconds(10);
  World world(config, weather, 1, at("2026-10-23T23:00:00Z"));
  world.run_for(Duration::days(4) + Duration::hours(1));
  EXPECT_EQ(world.sent(), 2000u * 5);
  EXPECT_EQ(world.downstream().most_in(DaysOf{find_zone("Europe/Berlin")}), 2000u);
}

// What the guard costs: what is sent from 2 s before midnight to 2 s after, and is on its way, counts twice.
TEST(CalendarWorld, TheGuardCostsFourSecondsOfTheRate) {
  SinkConfig config = sink({window(50, second), calendar(100'000'000)});
  Weather weather;
  weather.out_min = weather.back_min = Duration::milliseconds(10);
  World world(config, weather, 1, at("2026-05-01T23:59:00Z"));
  world.run_for(Duration::seconds(62) + Duration{1});
  const double carried = 100'000'000 - world.limits().views(world.now())[1].remaining;
  EXPECT_GT(carried, 195);
  EXPECT_LT(carried, 206);
}

TEST(CalendarWorld, AKillInTheMiddleOfADayNeitherResetsTheQuotaNorShutsIt) {
  SinkConfig config = sink({calendar(1000)});
  Weather weather;
  weather.out_min = weather.back_min = Duration::milliseconds(1);
  weather.saturated = false, weather.burst = 20, weather.pause = second;
  World world(config, weather, 1, at("2026-05-01T09:00:00Z"));
  Disk disk;
  Keeper(world, disk, Duration::milliseconds(20)).run_for(second * 30);
  const uint64_t sent = world.sent();
  ASSERT_GT(sent, 300u);
  ASSERT_LT(sent, 900u);
  world.begin_process(0, 0);
  world.rest_for(Duration::minutes(10));
  restore_unclean(world, disk.found(true), config.timeout);
  const double used = world.limits().views(world.now())[0].utilization * 1000;
  EXPECT_GE(used, static_cast<double>(sent));
  EXPECT_LE(used, static_cast<double>(sent) + 62 + 20);
  // The next day is whole but for what may still be counted, and that is over.
  world.rest_for(Duration::days(1));
  EXPECT_EQ(world.limits().views(world.now())[0].remaining, 1000.0);
}

TEST(CalendarWorld, TheEstimateIsThePlayedOutDrainOverDays) {
  SinkConfig config = sink({window(50, second), calendar(2000, "Europe/Berlin"),
                            calendar(7000, "Europe/Berlin", LimitConfig::Period::month)});
  Weather weather;  // every reply at once
  World world(config, weather, 1, at("2026-10-28T12:00:00Z"));
  world.run_for(second * 10);
  const Now asked = world.now();
  std::vector<Instant> estimates;
  for (uint64_t k = 1; k <= 12'000; k++) estimates.push_back(world.limits().estimate(asked, k));
  std::vector<int64_t> left;
  world.before_take = [&] { left.push_back(world.now().steady.ns); };
  world.run_for(Duration::days(8));
  ASSERT_GE(left.size(), 12'000u);
  double worst = 0;
  for (size_t k = 100; k <= 12'000; k++) {
    worst = std::max(worst, std::abs(static_cast<double>(estimates[k - 1].ns - left[k - 1])) / 1e9);
  }
  std::printf("  estimate off by %.3f s at most, over six days\n", worst);
  EXPECT_LT(worst, 1.5);
}

}  // namespace
}  // namespace forebay
