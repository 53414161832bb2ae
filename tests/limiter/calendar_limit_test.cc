#include "limiter/calendar_limit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rfc3339.h"
#include "generators.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

WallTime at(const char* text) {
  return *parse_rfc3339(text);
}
// Steady and wall clocks that go together.
Now now_at(WallTime wall) {
  return {Instant{wall.ns}, wall};
}
Now now_at(const char* text) {
  return now_at(at(text));
}
LimitConfig reserved(LimitConfig config, std::vector<std::pair<std::string, double>> reserve) {
  config.reserve = std::move(reserve);
  return config;
}

// Every send ever made, and by the definitions in calendar_limit.h what of it counts in the period in force.
class Oracle {
 public:
  explicit Oracle(const LimitConfig& config) : config_(config), zone_(*find_zone(config.zone)) {}

  struct Send {
    int64_t period;
    Taken taken;
    bool settled = false;
    int64_t settled_in = 0;
    WallTime until{0};
    bool none = false;
  };
  std::vector<Send> sends;

  void see(WallTime wall) {
    if (!seen_ || number_of(wall - CalendarLimit::guard) > period_) period_ = number_of(wall - CalendarLimit::guard);
    seen_ = true;
  }
  int64_t period() const { return period_; }
  uint64_t spent(uint8_t lane) const {
    uint64_t spent = 0;
    for (const Send& send : sends) {
      if (send.taken.lane == lane && !send.none && counts(send)) spent += send.taken.cost;
    }
    return spent;
  }

 private:
  int64_t number_of(WallTime wall) const {
    const int64_t day = day_of(zone_.forward(wall));
    if (config_.period == LimitConfig::Period::day) return day;
    if (config_.period == LimitConfig::Period::week) return (day + 3) / 7;
    const Date date = date_of(day);
    return date.year * 12 + static_cast<int64_t>(date.month) - 1;
  }
  // Every period from the one it was taken in to the one it settled in, and those by whose midnight it may be counted
  // yet: the first to the nanosecond, the others to the minute.
  bool counts(const Send& send) const {
    if (period_ == send.period || !send.settled || period_ <= send.settled_in) return true;
    constexpr int64_t minute = 60'000'000'000;
    const WallTime rounded{(send.until.ns + minute - 1) / minute * minute};
    return send.until >= start(send.settled_in + 1) - CalendarLimit::guard &&
           rounded >= start(period_) - CalendarLimit::guard;
  }
  WallTime start(int64_t number) const {
    int64_t day = number;
    if (config_.period == LimitConfig::Period::week) day = number * 7 - 3;
    if (config_.period == LimitConfig::Period::month) {
      day = day_of(Date{static_cast<int>(number / 12), static_cast<unsigned>(number % 12) + 1, 1});
    }
    return zone_.first(start_of_day(day));
  }

  const LimitConfig& config_;
  const Zone& zone_;
  bool seen_ = false;
  int64_t period_ = 0;
};

RC_GTEST_PROP(CalendarLimit, CountsWhatItsDefinitionSays, ()) {
  LimitConfig config =
      calendar(*rc::gen::inRange<uint64_t>(1, 60),
               *rc::gen::element("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Beirut"),
               *rc::gen::element(LimitConfig::Period::day, LimitConfig::Period::week, LimitConfig::Period::month));
  config.reserve = {{"otp", *rc::gen::element(0.0, 0.2, 0.5)}, {"alert", *rc::gen::element(0.0, 0.1, 0.5)}};
  const std::vector<uint64_t> kept{
      0, static_cast<uint64_t>(config.reserve[0].second * static_cast<double>(config.count) + 1e-6),
      static_cast<uint64_t>(config.reserve[1].second * static_cast<double>(config.count) + 1e-6)};
  const Duration grace = *rc::gen::element(second, Duration::minutes(2), Duration::hours(30));
  WallTime wall = at(*rc::gen::element("2026-03-28T22:58:00Z", "2026-10-24T21:58:00Z", "2026-05-31T15:59:50Z"));
  Instant steady{0};
  CalendarLimit limit(config, grace, {"otp", "alert"}, {steady, wall});
  Oracle oracle(config);
  oracle.see(wall);
  for (int i = 0; i < 150; i++) {
    const Duration pause = *rc::gen::element(Duration{}, second, second * 9, Duration::minutes(7), Duration::hours(5));
    steady = steady + pause;
    wall = wall + pause;
    if (*rc::gen::inRange(0, 25) == 0) {
      wall = wall + *rc::gen::element(Duration::hours(-26), second * -4, second * 4, Duration::hours(26));
    }
    const Now now{steady, wall};
    const auto lane = static_cast<uint8_t>(*rc::gen::inRange(0, 3));
    const auto cost = static_cast<uint32_t>(*rc::gen::inRange(1, 4));
    // A question alone opens no period; what it would find, a take finds.
    Oracle then = oracle;
    then.see(wall);
    uint64_t used = 0;
    for (uint8_t l = 0; l < 3; l++) used += l == lane ? then.spent(l) : std::max(then.spent(l), kept[l]);
    const uint64_t room = config.count - std::min(config.count, used);
    RC_ASSERT(limit.room(now, lane) == room);
    RC_ASSERT(limit.remaining(now) ==
              config.count - std::min(config.count, then.spent(0) + then.spent(1) + then.spent(2)));
    const Instant next = limit.next(now, cost, lane);
    RC_ASSERT((next == steady) == (room >= cost));
    if (next > steady && !next.is_never()) {
      const Now later{next, wall + (next - steady)}, before{next - Duration{1}, wall + (next - steady) - Duration{1}};
      RC_ASSERT(limit.next(later, cost, lane) == next);
      RC_ASSERT(limit.next(before, cost, lane) == next);
    }
    if (next == steady) {
      limit.take(now, cost, lane);
      oracle.see(wall);
      oracle.sends.push_back({oracle.period(), {steady, cost, lane}});
      // The reserve of no other lane was touched: each can take what of it is unspent.
      for (uint8_t l = 1; l < 3; l++) {
        if (kept[l] > oracle.spent(l)) RC_ASSERT(limit.room(now, l) >= kept[l] - oracle.spent(l));
      }
    }
    for (Oracle::Send& send : oracle.sends) {
      if (send.settled || *rc::gen::inRange(0, 3) > 0) continue;
      const auto how = *rc::gen::element(SettledAs::ok, SettledAs::refused, SettledAs::unanswered, SettledAs::not_sent);
      limit.settle(send.taken, now, how);
      oracle.see(wall);
      send.settled = true;
      send.none = how == SettledAs::not_sent;
      send.until = how == SettledAs::unanswered ? wall + grace : wall;
      send.settled_in = oracle.period();
    }
  }
}

TEST(CalendarLimit, ADayIsThatOfItsZoneAndItsPermitsComeTwoSecondsLate) {
  CalendarLimit limit(calendar(2, "Asia/Shanghai"), second, {}, now_at("2026-05-01T15:00:00Z"));
  const Now now = now_at("2026-05-01T15:00:00Z");
  for (int i = 0; i < 2; i++) {
    ASSERT_EQ(limit.next(now, 1), now.steady);
    limit.take(now, 1);
    limit.settle({now.steady, 1}, now, SettledAs::ok);
  }
  EXPECT_EQ(limit.next(now, 1).ns, at("2026-05-01T16:00:02Z").ns);
  EXPECT_EQ(limit.remaining(now_at("2026-05-01T16:00:01.999Z")), 0u);
  EXPECT_EQ(limit.remaining(now_at("2026-05-01T16:00:02Z")), 2u);
  EXPECT_DOUBLE_EQ(limit.utilization(now), 1.0);
}

TEST(CalendarLimit, WeeksBeginOnMondayAndMonthsOnTheFirst) {
  const auto reset = [](LimitConfig::Period period, const char* from) {
    CalendarLimit limit(calendar(1, "Europe/Berlin", period), second, {}, now_at(from));
    limit.take(now_at(from), 1);
    limit.settle({now_at(from).steady, 1}, now_at(from), SettledAs::ok);
    return format_rfc3339({limit.next(now_at(from), 1).ns});
  };
  EXPECT_EQ(reset(LimitConfig::Period::week, "2026-05-03T12:00:00Z"), "2026-05-03T22:00:02.000Z");
  EXPECT_EQ(reset(LimitConfig::Period::week, "2026-05-04T12:00:00Z"), "2026-05-10T22:00:02.000Z");
  EXPECT_EQ(reset(LimitConfig::Period::month, "2026-10-31T12:00:00Z"), "2026-10-31T23:00:02.000Z");
  EXPECT_EQ(reset(LimitConfig::Period::month, "2026-12-05T12:00:00Z"), "2026-12-31T23:00:02.000Z");
  // The day on which the clocks go back has 25 hours.
  EXPECT_EQ(reset(LimitConfig::Period::day, "2026-10-24T22:30:00Z"), "2026-10-25T23:00:02.000Z");
  EXPECT_EQ(reset(LimitConfig::Period::day, "2026-03-28T23:30:00Z"), "2026-03-29T22:00:02.000Z");
}

TEST(CalendarLimit, WhatIsInFlightOverMidnightCountsForBothAndComesBackIfNotSent) {
  const Now before = now_at("2026-05-01T23:59:00Z"), after = now_at("2026-05-02T00:00:05Z");
  CalendarLimit limit(calendar(3), second, {}, before);
  for (int i = 0; i < 3; i++) limit.take(before, 1);
  EXPECT_TRUE(limit.next(before, 1).is_never());  // carried on until it settles
  EXPECT_EQ(limit.remaining(after), 0u);
  limit.settle({before.steady, 1}, now_at("2026-05-01T23:59:57.999Z"), SettledAs::ok);
  EXPECT_EQ(limit.remaining(after), 1u);
  limit.settle({before.steady, 1}, now_at("2026-05-01T23:59:58Z"), SettledAs::ok);
  EXPECT_EQ(limit.remaining(after), 1u);
  limit.settle({before.steady, 1}, after, SettledAs::not_sent);
  EXPECT_EQ(limit.remaining(after), 2u);
}

TEST(CalendarLimit, AReserveIsForItsClassAlone) {
  const LimitConfig config = reserved(calendar(10), {{"otp", 0.3}, {"alert", 0.2}});
  const Now now = now_at("2026-05-01T12:00:00Z");
  CalendarLimit limit(config, second, {"otp", "alert"}, now);
  EXPECT_EQ(limit.room(now, 0), 5u);
  EXPECT_EQ(limit.room(now, 1), 8u);
  EXPECT_EQ(limit.most(2), 7u);
  limit.take(now, 4, 1);  // otp: its three and one of everybody's
  EXPECT_EQ(limit.room(now, 0), 4u);
  limit.take(now, 4, 0);
  EXPECT_EQ(limit.room(now, 0), 0u);
  EXPECT_EQ(limit.room(now, 1), 0u);
  EXPECT_EQ(limit.room(now, 2), 2u);
  EXPECT_EQ(limit.remaining(now), 2u);
  EXPECT_TRUE(limit.next(now, 6, 0).is_never());
}

TEST(CalendarLimit, AClockThatStepsGivesNoQuotaTwice) {
  CalendarLimit limit(calendar(5), second, {}, now_at("2026-05-01T12:00:00Z"));
  const auto spend = [&](const char* wall) {
    int taken = 0;
    for (const Now now = now_at(wall); limit.next(now, 1) == now.steady; taken++) {
      limit.take(now, 1);
      limit.settle({now.steady, 1}, now, SettledAs::ok);
    }
    return taken;
  };
  EXPECT_EQ(spend("2026-05-01T12:00:00Z"), 5);
  EXPECT_EQ(spend("2026-05-03T12:00:00Z"), 5);  // set forward
  EXPECT_EQ(spend("2026-05-01T12:00:00Z"), 0);  // and back
  EXPECT_EQ(spend("2026-05-02T12:00:00Z"), 0);
  EXPECT_EQ(spend("2026-05-03T13:00:00Z"), 0);
  EXPECT_EQ(spend("2026-05-04T00:00:01Z"), 0);
  EXPECT_EQ(spend("2026-05-04T00:00:02Z"), 5);
}

TEST(CalendarLimit, AnotherCountOrPeriodKeepsWhatIsSpent) {
  const Now now = now_at("2026-05-05T12:00:00Z");
  CalendarLimit limit(calendar(10), second, {}, now);
  limit.take(now, 6);
  limit.reconfigure(calendar(8), second, {}, now);
  EXPECT_EQ(limit.remaining(now), 2u);
  limit.reconfigure(calendar(20, "", LimitConfig::Period::month), second, {"otp"}, now);
  EXPECT_EQ(limit.remaining(now), 14u);
  limit.settle({now.steady, 6}, now, SettledAs::ok);
  EXPECT_EQ(limit.remaining(now_at("2026-05-31T12:00:00Z")), 14u);
  EXPECT_EQ(limit.remaining(now_at("2026-06-01T12:00:00Z")), 20u);
}

TEST(CalendarLimit, OpeningsAreTheMidnightsToCome) {
  const Now now = now_at("2026-10-24T12:00:00Z");
  const CalendarLimit limit(calendar(1, "Europe/Berlin"), second, {}, now);
  EXPECT_EQ(format_rfc3339(limit.opening(now.wall, 1)), "2026-10-24T22:00:02.000Z");
  EXPECT_EQ(format_rfc3339(limit.opening(now.wall, 2)), "2026-10-25T23:00:02.000Z");
  EXPECT_EQ(format_rfc3339(limit.opening(limit.opening(now.wall, 1), 1)), "2026-10-25T23:00:02.000Z");
  EXPECT_TRUE(limit.opening(now.wall, 1'000'000'000'000).is_never());
}

}  // namespace
}  // namespace forebay
