#include "base/zone.h"

#include <date/tz.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rfc3339.h"

namespace forebay {
namespace {

WallTime at(const char* text) {
  return *parse_rfc3339(text);
}
LocalTime reading(const char* text) {
  return {at(text).ns};
}

const char* const zones[] = {"Europe/Berlin",    "America/New_York", "Asia/Shanghai",     "Australia/Lord_Howe",
                             "Africa/Cairo",     "America/Havana",   "Asia/Kolkata",      "Pacific/Apia",
                             "Antarctica/Troll", "Asia/Beirut",      "America/Sao_Paulo", "Pacific/Chatham"};

RC_GTEST_PROP(Zone, ReadsWhatTheDatabaseSays, ()) {
  const char* name = *rc::gen::elementOf(std::vector<const char*>(std::begin(zones), std::end(zones)));
  const int64_t second = *rc::gen::inRange<int64_t>(0, 2'100'000'000);
  const date::sys_info info = date::locate_zone(name)->get_info(date::sys_seconds{std::chrono::seconds{second}});
  const WallTime when{second * 1'000'000'000 + 7};
  RC_ASSERT(find_zone(name)->local(when).ns == when.ns + info.offset.count() * 1'000'000'000);
}

// By definition: the highest reading so far, looked for step by step across every change of the clocks.
TEST(Zone, AReadingHasComeOnceItOrALaterOneWasShown) {
  constexpr Duration step = Duration::minutes(5);
  for (const char* name : zones) {
    const Zone& zone = *find_zone(name);
    LocalTime highest = zone.local(at("2009-12-30T00:00:00Z"));
    for (WallTime t = at("2009-12-30T00:00:00Z"); t < at("2027-01-01T00:00:00Z"); t = t + step) {
      const LocalTime shown = zone.local(t);
      // Moments are multiples of the step, and so are changes: what the step before saw lasted until now.
      ASSERT_EQ(zone.forward(t), std::max(shown, LocalTime{highest.ns - 1})) << name << " " << format_rfc3339(t);
      ASSERT_LE(zone.first(shown), t) << name << " " << format_rfc3339(t);
      ASSERT_GE(zone.forward(zone.first(shown)), shown);
      ASSERT_LT(zone.forward(zone.first(shown) - Duration{1}), shown);
      highest = std::max(highest, LocalTime{shown.ns + step.ns});
    }
  }
}

TEST(Zone, ASkippedReadingComesAfterTheGapAndARepeatedOneTheFirstTime) {
  const Zone& berlin = *find_zone("Europe/Berlin");
  EXPECT_EQ(berlin.first(reading("2026-03-29T02:30:00Z")), at("2026-03-29T01:00:00Z"));
  EXPECT_EQ(berlin.first(reading("2026-10-25T02:30:00Z")), at("2026-10-25T00:30:00Z"));
  EXPECT_EQ(berlin.first(reading("2026-10-25T03:00:00Z")), at("2026-10-25T02:00:00Z"));
  EXPECT_EQ(berlin.first(reading("2026-07-01T00:00:00Z")), at("2026-06-30T22:00:00Z"));
  const Zone& lord_howe = *find_zone("Australia/Lord_Howe");  // half an hour, at 02:00
  EXPECT_EQ(lord_howe.first(reading("2026-10-04T02:15:00Z")), at("2026-10-03T15:30:00Z"));
  EXPECT_EQ(lord_howe.first(reading("2026-04-05T01:45:00Z")), at("2026-04-04T14:45:00Z"));
  // The day that Samoa left out.
  const Zone& apia = *find_zone("Pacific/Apia");
  EXPECT_EQ(apia.first(reading("2011-12-30T00:00:00Z")), apia.first(reading("2011-12-31T00:00:00Z")));
}

TEST(Zone, UtcNeedsNoNameAndWhatIsUnknownIsNone) {
  ASSERT_NE(find_zone(""), nullptr);
  EXPECT_EQ(find_zone("")->local(at("2026-07-01T12:00:00Z")), reading("2026-07-01T12:00:00Z"));
  EXPECT_EQ(find_zone("")->name(), "UTC");
  for (const char* name : {"Europe/Atlantis", "../../etc/passwd", "europe/berlin", " ", "/"}) {
    EXPECT_EQ(find_zone(name), nullptr) << name;
  }
  EXPECT_EQ(find_zone("Asia/Shanghai"), find_zone("Asia/Shanghai"));
}

TEST(Zone, TheEndsOfTimeAreNoOverflow) {
  for (const char* name : {"", "Asia/Shanghai", "America/New_York"}) {
    const Zone& zone = *find_zone(name);
    for (const int64_t ns : {INT64_MIN, INT64_MIN + 5, INT64_MAX - 5, INT64_MAX}) {
      zone.local({ns}), zone.forward({ns}), zone.first({ns});
    }
    EXPECT_TRUE(zone.first({INT64_MAX}).is_never() || zone.first({INT64_MAX}) > at("2200-01-01T00:00:00Z"));
  }
}

TEST(LocalTime, KnowsDaysWeeksAndMonths) {
  for (int64_t day = -40'000; day < 90'000; day += 13) {
    const Date date = date_of(day);
    ASSERT_EQ(day_of(date), day);
    ASSERT_EQ(date_of(start_of_month(day)).day, 1u);
    ASSERT_EQ(date_of(start_of_month(day)).month, date.month);
    ASSERT_EQ(date_of(start_of_month(day, 1)).month, date.month % 12 + 1);
    ASSERT_EQ(date_of(start_of_month(day, 25)).year, date.year + 2 + (date.month == 12 ? 1 : 0));
  }
  EXPECT_EQ(weekday_of(0), 3u);  // a Thursday
  EXPECT_EQ(weekday_of(-4), 6u);
  EXPECT_EQ(day_of(LocalTime{-1}), -1);
}

}  // namespace
}  // namespace forebay
