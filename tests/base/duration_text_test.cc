#include "base/duration_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace forebay {
namespace {

TEST(DurationText, ParsesEachUnit) {
  const std::pair<const char*, int64_t> cases[] = {{"5ms", 5'000'000},
                                                   {"30s", 30'000'000'000},
                                                   {"10m", 600'000'000'000},
                                                   {"24h", 86'400'000'000'000},
                                                   {"7d", 604'800'000'000'000},
                                                   {"0s", 0},
                                                   {"1.5s", 1'500'000'000},
                                                   {"0.25m", 15'000'000'000},
                                                   {"0.000001ms", 1}};
  for (const auto& [text, ns] : cases) {
    Duration got{-1};
    EXPECT_TRUE(parse_duration(text, &got)) << text;
    EXPECT_EQ(got.ns, ns) << text;
  }
}

TEST(DurationText, RefusesWhatCouldBeReadInTwoWays) {
  for (const char* text :
       {"", "5", "s", "-5s", "+5s", " 5s", "5s ", "5 s", "1h30m", "5S", "5sec", ".5s", "5.s", "1.2.3s", "1e3s",
        "0x5s", "5us", "1.0000000001s", "99999999999999999999s", "200000d", "9223372036.854775808s"}) {
    Duration got{-1};
    EXPECT_FALSE(parse_duration(text, &got)) << text;
    EXPECT_EQ(got.ns, -1) << text;
  }
}

TEST(DurationText, FormatsInTheLargestUnitThatDivides) {
  EXPECT_EQ(format_duration(Duration{0}), "0s");
  EXPECT_EQ(format_duration(Duration::seconds(90)), "90s");
  EXPECT_EQ(format_duration(Duration::seconds(120)), "2m");
  EXPECT_EQ(format_duration(Duration::hours(48)), "2d");
  EXPECT_EQ(format_duration(Duration::milliseconds(1500)), "1500ms");
  EXPECT_EQ(format_duration(Duration::microseconds(1500)), "1.5ms");
  EXPECT_EQ(format_duration(Duration{-1}), "-0.000001ms");
}

RC_GTEST_PROP(DurationText, FormatAndParseAreInverse, ()) {
  const auto shift = *rc::gen::inRange(0, 63);
  const auto ns = *rc::gen::inRange<int64_t>(0, std::numeric_limits<int64_t>::max()) >> shift;
  Duration back{-1};
  RC_ASSERT(parse_duration(format_duration(Duration{ns}), &back));
  RC_ASSERT(back.ns == ns);
}

TEST(DurationText, TheLongestRoundTrips) {
  Duration back;
  ASSERT_TRUE(parse_duration(format_duration(Duration::max()), &back));
  EXPECT_EQ(back, Duration::max());
}

}  // namespace
}  // namespace forebay
