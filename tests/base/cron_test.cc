#include "base/cron.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/rfc3339.h"

namespace forebay {
namespace {

constexpr Duration minute = Duration::minutes(1);

WallTime at(const char* text) {
  return *parse_rfc3339(text);
}
std::string next(const char* cron, const char* zone, const char* after) {
  std::string why;
  const auto parsed = Cron::parse(cron, &why);
  EXPECT_TRUE(parsed) << why;
  const WallTime fires = parsed->next(at(after), *find_zone(zone));
  return fires.is_never() ? "never" : format_rfc3339(fires).substr(0, 16);
}

// A field as it is written, and as the set of its values.
struct Drawn {
  std::string text;
  std::vector<bool> has = std::vector<bool>(64, false);
  bool starred = false;
};

void put(Drawn* field, int low, int high, int step) {
  for (int value = low; value <= high; value += step) field->has[static_cast<size_t>(value)] = true;
}

Drawn draw_field(int least, int most, bool mostly_any) {
  Drawn field;
  const int kind = mostly_any && *rc::gen::arbitrary<bool>() ? 0 : *rc::gen::inRange(0, 4);
  if (kind == 0) {
    const int step = *rc::gen::element(1, 1, 2, 7, 15);
    field = {step == 1 ? "*" : "*/" + std::to_string(step), field.has, true};
    put(&field, least, most, step);
    return field;
  }
  for (int part = 0; part < kind; part++) {
    const int low = *rc::gen::inRange(least, most + 1), high = *rc::gen::inRange(low, most + 1);
    const int step = *rc::gen::inRange(1, 5);
    if (part > 0) field.text += ",";
    if (part % 2 == 0) {
      field.text += std::to_string(low), put(&field, low, low, 1);
    } else {
      field.text += std::to_string(low) + "-" + std::to_string(high) + "/" + std::to_string(step);
      put(&field, low, high, step);
    }
  }
  return field;
}

bool matches(const std::array<Drawn, 5>& fields, LocalTime reading) {
  const int64_t day = day_of(reading);
  const auto of_day = static_cast<size_t>((reading.ns - start_of_day(day).ns) / minute.ns);
  const Date date = date_of(day);
  const bool by_date = fields[2].has[date.day];
  const size_t weekday = (weekday_of(day) + 1) % 7;
  const bool by_week = fields[4].has[weekday] || (weekday == 0 && fields[4].has[7]);
  const bool either = !fields[2].starred && !fields[4].starred;
  return fields[0].has[of_day % 60] && fields[1].has[of_day / 60] && fields[3].has[date.month] &&
         (either ? by_date || by_week : by_date && by_week);
}

// Walks the local clock minute by minute, a skipped hour too: what was skipped fires when the clock goes on.
RC_GTEST_PROP(Cron, FiresWhenAWalkOverTheMinutesSaysSo, ()) {
  const Zone& zone = *find_zone(*rc::gen::element<std::string>("Europe/Berlin", "America/New_York", "Asia/Shanghai",
                                                               "Australia/Lord_Howe", "Africa/Cairo"));
  const std::array<Drawn, 5> fields{draw_field(0, 59, false), draw_field(0, 23, true), draw_field(1, 31, true),
                                    draw_field(1, 12, true), draw_field(0, 7, true)};
  std::string text, why;
  for (const Drawn& field : fields) text += field.text + " ";
  const auto cron = Cron::parse(text, &why);
  RC_ASSERT(cron.has_value());
  // Half of the walks begin days before clocks change somewhere.
  const WallTime any_time{at("2026-01-01T00:00:00Z").ns + *rc::gen::inRange<int64_t>(0, 525'600) * minute.ns};
  const WallTime from = *rc::gen::element(any_time, any_time, at("2026-03-25T00:07:00Z"), at("2026-10-24T23:11:00Z"));
  WallTime expected = cron->next(from - Duration{1}, zone);
  LocalTime come{zone.forward(from).ns - minute.ns};
  if (zone.local(from) < zone.forward(from)) come = {zone.forward(from).ns / minute.ns * minute.ns};
  for (WallTime t = from; t < from + Duration::days(20); t = t + minute) {
    bool fires = false;
    for (; come.ns + minute.ns <= zone.local(t).ns;) come.ns += minute.ns, fires |= matches(fields, come);
    RC_ASSERT(fires == (t == expected));
    if (fires) expected = cron->next(t, zone);
  }
}

TEST(Cron, KnowsTheFormsOfCrontab) {
  EXPECT_EQ(next("0 3 * * *", "", "2026-01-01T03:00:00Z"), "2026-01-02T03:00");
  EXPECT_EQ(next("*/15 9-17 * * mon-fri", "", "2026-01-02T17:45:00Z"), "2026-01-05T09:00");
  EXPECT_EQ(next("0 0 1 JAN,jul *", "", "2026-01-01T00:00:00Z"), "2026-07-01T00:00");
  EXPECT_EQ(next("0 0 * * 7", "", "2026-01-01T00:00:00Z"), "2026-01-04T00:00");
  EXPECT_EQ(next("0 0 * * fri-sun", "", "2026-01-03T12:00:00Z"), "2026-01-04T00:00");
  EXPECT_EQ(next("5/20 * * * *", "", "2026-01-01T00:06:00Z"), "2026-01-01T00:25");
  EXPECT_EQ(next("0 0 29 2 *", "", "2026-01-01T00:00:00Z"), "2028-02-29T00:00");
  EXPECT_EQ(next("0 0 31 2 *", "", "2026-01-01T00:00:00Z"), "never");
  // Either day, as both are restricted; both, as one is not.
  EXPECT_EQ(next("0 0 13 * fri", "", "2026-01-01T12:00:00Z"), "2026-01-02T00:00");
  EXPECT_EQ(next("0 0 */2 * fri", "", "2026-01-01T12:00:00Z"), "2026-01-09T00:00");
}

TEST(Cron, FollowsTheClocksOfItsZone) {
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z"), "2026-03-29T01:00");
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z"), "2026-10-25T00:30");
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z"), "2026-10-26T01:30");
  // In the second pass of the hour nothing fires again.
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z"), "2026-10-26T01:30");
  EXPECT_EQ(next("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z"), "2026-03-08T07:00");
  EXPECT_EQ(next("0 8 * * *", "Asia/Shanghai", "2026-03-07T12:00:00Z"), "2026-03-08T00:00");
}

TEST(Cron, SaysWhatIsWrong) {
  const auto why = [](const char* text) {
    std::string said;
    EXPECT_FALSE(Cron::parse(text, &said)) << text;
    return said;
  };
  EXPECT_EQ(why("0 3 * *"), "five fields are needed, minute hour day-of-month month day-of-week; \"0 3 * *\" has 4");
  EXPECT_EQ(why("60 3 * * *"), "minute \"60\": 0 to 59; *, a list 1,2, a range 1-5 or a step */5");
  EXPECT_EQ(why("0 3 * * mon-xyz"),
            "day of week \"mon-xyz\": 0 to 7 or a name like sun; *, a list 1,2, a range 1-5 or a step */5");
  for (const char* text : {"", "@daily", "* * 0 * *", "* * * 13 *", "*/0 * * * *", "5-3 * * * *", "1,,2 * * * *",
                           "* * * * 8", "-1 * * * *", "1- * * * *", "99999999999 * * * *", "1/ * * * *"}) {
    why(text);
  }
}

RC_GTEST_PROP(Cron, HostileTextIsReadWithoutHarm, (const std::string& text)) {
  std::string why;
  RC_ASSERT(!Cron::parse(text, &why) || why.empty());
}

}  // namespace
}  // namespace forebay
