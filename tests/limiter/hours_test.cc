#include "limiter/hours.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

#include "base/rfc3339.h"

namespace forebay {
namespace {

constexpr Duration minute = Duration::minutes(1);

WallTime at(const char* text) {
  return *parse_rfc3339(text);
}
std::string text_of(WallTime when) {
  return when.is_never() ? "never" : format_rfc3339(when).substr(0, 16);
}
Hours hours(const char* open, const char* zone = "", std::vector<HoursConfig::Closed> closed = {}) {
  HoursConfig config{open, zone, std::move(closed)};
  EXPECT_EQ(Hours::why_not(config), "");
  return Hours(config);
}

// A rule as drawn: what it says in text, and what it says of a minute of the week.
struct Rule {
  bool days[7] = {};
  int open = 0, close = 0;
  std::string text;

  bool covers(int of_week) const {
    for (int day = 0; day < 7; day++) {
      const int from = day * 1440 + open, length = close > open ? close - open : close + 1440 - open;
      if (days[day] && (of_week - from + 10'080) % 10'080 < length) return true;
    }
    return false;
  }
};

std::string clock_text(int minute_of_day) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d:%02d", minute_of_day / 60, minute_of_day % 60);
  return text;
}

Rule draw_rule() {
  static const char* const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  Rule rule;
  const int first = *rc::gen::inRange(0, 7), length = *rc::gen::inRange(1, 8);
  for (int i = 0; i < length; i++) rule.days[(first + i) % 7] = true;
  rule.open = *rc::gen::inRange(0, 1440);
  rule.close = *rc::gen::inRange(0, 1441);
  if (*rc::gen::arbitrary<bool>()) rule.open = *rc::gen::inRange(1, 4) * 60 + *rc::gen::element(0, 15, 30);
  if (rule.close == rule.open) rule.close = rule.open + 1;
  if (length < 7) {
    rule.text = names[first];
    if (length > 1) rule.text += std::string("-") + names[(first + length - 1) % 7];
    rule.text += " ";
  }
  rule.text += clock_text(rule.open) + "-" + clock_text(rule.close);
  return rule;
}

struct Drawn {
  HoursConfig config;
  std::vector<Rule> rules;
};

Drawn draw_hours(const std::string& zone) {
  Drawn drawn;
  drawn.config.zone = zone;
  for (int i = *rc::gen::inRange(0, 3); i > 0; i--) {
    drawn.rules.push_back(draw_rule());
    drawn.config.open += (drawn.config.open.empty() ? "" : "; ") + drawn.rules.back().text;
  }
  for (int i = *rc::gen::inRange(0, 3); i > 0; i--) {
    drawn.config.closed.push_back({*rc::gen::element<std::string>("30 2 * * *", "0 */6 * * *", "15 1 * * sun",
                                                                  "*/40 12 1-7 * *", "59 23 28-31 * *"),
                                   minute * *rc::gen::element<int64_t>(1, 45, 400, 3000),
                                   *rc::gen::element<std::string>("", "Asia/Kolkata", "America/New_York")});
  }
  return drawn;
}

// The state of every minute of a year, by the definitions in hours.h. Every cron here fires on whole minutes.
std::vector<bool> walk(const Drawn& drawn, WallTime from, size_t minutes) {
  const Zone& zone = *find_zone(drawn.config.zone);
  std::vector<bool> open(minutes);
  LocalTime highest = zone.forward(from - Duration::days(1));
  for (WallTime t = from - Duration::days(1); t < from; t = t + minute) highest = std::max(highest, zone.local(t));
  for (size_t i = 0; i < minutes; i++) {
    highest = std::max(highest, zone.local(from + minute * static_cast<int64_t>(i)));
    const int of_week = static_cast<int>(weekday_of(day_of(highest)) * 1440 +
                                         (highest.ns - start_of_day(day_of(highest)).ns) / minute.ns);
    open[i] = drawn.rules.empty();
    for (const Rule& rule : drawn.rules) open[i] = open[i] || rule.covers(of_week);
  }
  for (const HoursConfig::Closed& closed : drawn.config.closed) {
    std::string why;
    const Cron cron = *Cron::parse(closed.cron, &why);
    const Zone& its = closed.zone.empty() ? zone : *find_zone(closed.zone);
    const WallTime end = from + minute * static_cast<int64_t>(minutes);
    for (WallTime fires = cron.next(from - closed.lasts, its); fires < end; fires = cron.next(fires, its)) {
      for (WallTime t = std::max(fires, from); t < std::min(end, fires + closed.lasts); t = t + minute) {
        open[static_cast<size_t>((t - from).ns / minute.ns)] = false;
      }
    }
  }
  return open;
}

void agree(const Drawn& drawn, WallTime from) {
  const Hours asked(drawn.config);
  const std::vector<bool> open = walk(drawn, from, 366 * 1440);
  // From the end: when it next opens and closes. What lies beyond the year is not known to the walker.
  std::vector<WallTime> opens(open.size() + 1, WallTime::never()), closes = opens;
  for (size_t i = open.size(); i-- > 0;) {
    const WallTime t = from + minute * static_cast<int64_t>(i);
    opens[i] = open[i] ? t : opens[i + 1];
    closes[i] = open[i] ? closes[i + 1] : t;
  }
  const auto look = [&](size_t i) {
    const WallTime t = from + minute * static_cast<int64_t>(i);
    RC_ASSERT(asked.is_open(t) == open[i]);
    RC_ASSERT(asked.is_open(t + minute - Duration{1}) == open[i]);
    if (!opens[i].is_never()) RC_ASSERT(asked.opens(t) == opens[i]);
    if (!closes[i].is_never()) RC_ASSERT(asked.closes(t) == closes[i]);
  };
  for (size_t i = 0; i < open.size(); i++) look(i);
  // Backwards over the changes of the clocks, so that what is asked is worked out anew each time.
  const Zone& zone = *find_zone(drawn.config.zone);
  const auto offset = [&](WallTime t) { return zone.local(t).ns - t.ns; };
  for (size_t i = open.size(); i-- > 0;) {
    const WallTime t = from + minute * static_cast<int64_t>(i);
    if (offset(t - Duration::hours(5)) != offset(t + Duration::hours(5))) look(i);
  }
  for (int i = 0; i < 300; i++) look(*rc::gen::inRange<size_t>(0, open.size()));  // a clock that steps about
  const size_t first = *rc::gen::inRange<size_t>(0, open.size() / 2);
  const int64_t work = *rc::gen::inRange<int64_t>(0, 20'000);
  int64_t left = work;
  for (size_t i = first; i < open.size(); i++) {
    if (left == 0 || (left -= open[i] ? 1 : 0) > 0) continue;
    const WallTime passed = from + minute * static_cast<int64_t>(i + 1);
    if (work > 0) RC_ASSERT(asked.after(from + minute * static_cast<int64_t>(first), minute * work) == passed);
    break;
  }
}

class OverAYear : public testing::TestWithParam<const char*> {};

TEST_P(OverAYear, AgreesWithAWalkOverItsMinutes) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = 8;  // a year of minutes each
  const auto result = rc::detail::checkTestable(
      [] {
        const Drawn drawn = draw_hours(GetParam());
        RC_PRE(Hours::why_not(drawn.config).empty());
        agree(drawn, at("2026-01-01T00:00:00Z"));
      },
      rc::detail::TestMetadata{"hours", GetParam()}, params);
  std::printf("  %s, seed %llu\n", GetParam(), static_cast<unsigned long long>(params.seed));
  if (!result.template is<rc::detail::SuccessResult>()) {
    std::ostringstream said;
    rc::detail::printResultMessage(result, said);
    FAIL() << said.str();
  }
}

INSTANTIATE_TEST_SUITE_P(Hours, OverAYear,
                         testing::Values("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"));

TEST(Hours, AreHalfOpenAndKnowTheirEnds) {
  const Hours day = hours("08:00-21:00", "Asia/Shanghai");
  EXPECT_FALSE(day.is_open(at("2026-05-01T23:59:59.999999999Z")));
  EXPECT_TRUE(day.is_open(at("2026-05-02T00:00:00Z")));
  EXPECT_FALSE(day.is_open(at("2026-05-02T13:00:00Z")));
  EXPECT_EQ(text_of(day.opens(at("2026-05-02T13:00:00Z"))), "2026-05-03T00:00");
  EXPECT_EQ(text_of(day.closes(at("2026-05-02T05:00:00Z"))), "2026-05-02T13:00");
  EXPECT_EQ(day.opens(at("2026-05-02T05:00:00Z")), at("2026-05-02T05:00:00Z"));
  EXPECT_EQ(text_of(day.after(at("2026-05-02T12:00:00Z"), Duration::hours(2))), "2026-05-03T01:00");
  EXPECT_EQ(text_of(day.after(at("2026-05-02T12:00:00Z"), Duration::hours(1))), "2026-05-02T13:00");
  EXPECT_EQ(text_of(day.after(at("2026-05-02T14:00:00Z"), {})), "2026-05-03T00:00");
}

TEST(Hours, KnowTheFormsOfTheirText) {
  const Hours split = hours("mon-fri 08:00-12:00, 14:00-18:00; sat,sun 10:00-14:00");  // 2026-05-01 is a Friday
  EXPECT_EQ(text_of(split.opens(at("2026-05-01T12:00:00Z"))), "2026-05-01T14:00");
  EXPECT_EQ(text_of(split.opens(at("2026-05-01T18:00:00Z"))), "2026-05-02T10:00");
  EXPECT_EQ(text_of(split.opens(at("2026-05-03T14:00:00Z"))), "2026-05-04T08:00");
  const Hours night = hours("fri 21:00-06:00");
  EXPECT_EQ(text_of(night.opens(at("2026-05-01T06:30:00Z"))), "2026-05-01T21:00");
  EXPECT_EQ(text_of(night.closes(at("2026-05-01T22:00:00Z"))), "2026-05-02T06:00");
  const Hours over_the_week = hours("sun-mon 21:00-06:00");
  EXPECT_EQ(text_of(over_the_week.closes(at("2026-05-03T22:00:00Z"))), "2026-05-04T06:00");
  EXPECT_TRUE(hours("").always());
  EXPECT_TRUE(hours("00:00-24:00").always());
  EXPECT_TRUE(hours("00:00-12:00,12:00-24:00").always());
  EXPECT_TRUE(hours("").closes(at("2026-05-01T00:00:00Z")).is_never());
  EXPECT_EQ(text_of(hours("00:00-24:00").after(at("2026-05-01T00:00:00Z"), Duration::days(40))), "2026-06-10T00:00");
}

TEST(Hours, OnBothDstDays) {
  const Hours berlin = hours("02:30-05:00", "Europe/Berlin");
  // 02:30 is skipped: right after the gap, which is 03:00 there.
  EXPECT_EQ(text_of(berlin.opens(at("2026-03-29T00:00:00Z"))), "2026-03-29T01:00");
  EXPECT_EQ(text_of(berlin.closes(at("2026-03-29T01:00:00Z"))), "2026-03-29T03:00");
  // 02:30 is shown twice: the first time, and open through the second pass.
  EXPECT_EQ(text_of(berlin.opens(at("2026-10-25T00:00:00Z"))), "2026-10-25T00:30");
  EXPECT_TRUE(berlin.is_open(at("2026-10-25T01:10:00Z")));
  EXPECT_EQ(text_of(berlin.closes(at("2026-10-25T00:30:00Z"))), "2026-10-25T04:00");
  const Hours new_york = hours("21:00-02:30", "America/New_York");
  EXPECT_EQ(text_of(new_york.closes(at("2026-03-08T04:00:00Z"))), "2026-03-08T07:00");
  EXPECT_EQ(text_of(new_york.closes(at("2026-11-01T04:00:00Z"))), "2026-11-01T07:30");
  EXPECT_EQ(text_of(hours("01:45-03:00", "America/New_York").opens(at("2026-11-01T04:00:00Z"))), "2026-11-01T05:45");
  const Hours lord_howe = hours("01:45-04:00", "Australia/Lord_Howe");
  EXPECT_EQ(text_of(lord_howe.opens(at("2026-04-04T14:00:00Z"))), "2026-04-04T14:45");
  EXPECT_EQ(text_of(lord_howe.closes(at("2026-04-04T15:00:00Z"))), "2026-04-04T17:30");
}

TEST(Hours, ClosingsAreUnited) {
  const Hours gaps = hours("", "", {{"0 12 * * *", Duration::hours(2), ""}, {"30 13 * * *", Duration::hours(1), ""}});
  EXPECT_EQ(text_of(gaps.opens(at("2026-05-01T12:10:00Z"))), "2026-05-01T14:30");
  EXPECT_EQ(text_of(gaps.closes(at("2026-05-01T14:30:00Z"))), "2026-05-02T12:00");
  const Hours zoned = hours("08:00-20:00", "Asia/Shanghai", {{"0 9 * * *", Duration::hours(1), "Europe/Berlin"}});
  EXPECT_EQ(text_of(zoned.closes(at("2026-05-01T01:00:00Z"))), "2026-05-01T07:00");
  EXPECT_EQ(text_of(zoned.opens(at("2026-05-01T07:00:00Z"))), "2026-05-01T08:00");
}

TEST(Hours, SayWhatIsWrong) {
  const auto why = [](const char* open, const char* zone = "", std::vector<HoursConfig::Closed> closed = {}) {
    return Hours::why_not({open, zone, std::move(closed)});
  };
  EXPECT_EQ(why("8-21"), "hours: \"8-21\" is not an opening like 08:00-21:00");
  EXPECT_EQ(why("08:00-21:60"), "hours: \"08:00-21:60\" is not an opening like 08:00-21:00");
  EXPECT_EQ(why("08:00-08:00"), "hours: \"08:00-08:00\" closes when it opens; a whole day is 00:00-24:00");
  EXPECT_EQ(why("24:00-08:00"), "hours: \"24:00-08:00\" opens at 24:00; write 00:00 of the next day");
  EXPECT_EQ(why("man-fri 08:00-09:00"),
            "hours: \"man-fri\" is neither a day (mon tue wed thu fri sat sun) nor a range of days (mon-fri)");
  EXPECT_EQ(why("08:00-09:00", "Europe/Berlinn"),
            "there is no time zone \"Europe/Berlinn\"; it wants an IANA name like Europe/Berlin");
  EXPECT_EQ(why("", "", {{"0 3 * *", Duration::hours(1), ""}}),
            "closed: cron: five fields are needed, minute hour day-of-month month day-of-week; \"0 3 * *\" has 4");
  EXPECT_EQ(why("", "", {{"0 3 * * *", Duration{}, ""}}), "closed: it lasts more than 0 and up to 400 days");
  EXPECT_EQ(why("", "", {{"0 3 * * *", Duration::hours(1), "Nowhere"}}),
            "closed: there is no time zone \"Nowhere\"; it wants an IANA name like Europe/Berlin");
  EXPECT_EQ(why("08:00-09:00", "", {{"0 8 * * *", Duration::hours(1), ""}}), "with these it is never open");
  EXPECT_EQ(why("", "", {{"* * * * *", Duration::minutes(1), ""}}), "with these it is never open");
  for (const char* open : {";", "mon", "08:00-09:00;", "08:00-09:00,,", "mon-", "fri 8:0-9:00", "-", "25:00-26:00"}) {
    EXPECT_NE(why(open), "") << open;
  }
}

RC_GTEST_PROP(Hours, HostileTextIsReadWithoutHarm, (const std::string& text)) {
  Hours::why_not({text, "", {}});
}

}  // namespace
}  // namespace forebay
