#include "base/rfc3339.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <ctime>
#include <limits>

namespace forebay {
namespace {

TEST(Rfc3339, FormatsInUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339(WallTime{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(WallTime{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(WallTime::from_ms(951'782'399'999)), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(WallTime::from_ms(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(Rfc3339, ParsesOffsetsFractionsAndLeapSeconds) {
  const std::pair<const char*, int64_t> cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t01:00:00+01:00", 0},
      {"1969-12-31T18:30:00.000-05:30", 0},
      {"1970-01-01T00:00:00.000000001z", 1},
      {"1970-01-01T00:00:00.25Z", 250'000'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000'000'000},
  };
  for (const auto& [text, ns] : cases) {
    const auto got = parse_rfc3339(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(got->ns, ns) << text;
  }
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.0000000001Z",
        "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
        "+026-01-01T00:00:00Z", "2026-1-01T00:00:00Z", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(UnixSeconds, ParsesWholeAndFractional) {
  EXPECT_EQ(parse_unix_seconds("0"), WallTime{0});
  EXPECT_EQ(parse_unix_seconds("1767225600"), WallTime::from_ms(1'767'225'600'000));
  EXPECT_EQ(parse_unix_seconds("1.25"), WallTime::from_ms(1250));
  for (const char* text : {"", "-1", "+1", "1.", ".5", "1e9", "1 ", "1.0000000001", "99999999999", "1.2.3"}) {
    EXPECT_FALSE(parse_unix_seconds(text)) << text;
  }
}

// libc as the oracle, over the whole range of a WallTime.
RC_GTEST_PROP(Rfc3339, AgreesWithLibc, ()) {
  const auto ms = *rc::gen::inRange<int64_t>(-9'223'372'036'854, 9'223'372'036'854);
  const auto when = WallTime::from_ms(ms);
  const std::string text = format_rfc3339(when);
  tm parts{};
  int millis = 0;
  RC_ASSERT(std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                        &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &millis) == 7);
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  RC_ASSERT(timegm(&parts) * 1000 + millis == ms);
  RC_ASSERT(parse_rfc3339(text) == when);
}

RC_GTEST_PROP(Rfc3339, OffsetsMoveTheMoment, ()) {
  const auto seconds = *rc::gen::inRange<int64_t>(0, 7'000'000'000);
  const int hours = *rc::gen::inRange(0, 24), minutes = *rc::gen::inRange(0, 60);
  const bool west = *rc::gen::arbitrary<bool>();
  std::string text = format_rfc3339(WallTime::from_ms(seconds * 1000));
  char offset[16];
  std::snprintf(offset, sizeof offset, "%c%02d:%02d", west ? '-' : '+', hours, minutes);
  text.replace(text.size() - 1, 1, offset);
  const int64_t shift = (hours * 60 + minutes) * 60 * (west ? 1 : -1);
  RC_ASSERT(parse_rfc3339(text) == WallTime::from_ms((seconds + shift) * 1000));
}

}  // namespace
}  // namespace forebay
