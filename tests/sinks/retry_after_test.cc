#include "sinks/http/retry_after.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace forebay {
namespace {

// 1994-11-06T08:49:37Z, the date of the RFC's examples, less ten seconds.
constexpr WallTime kNow = WallTime::from_ms((784111777 - 10) * 1000LL);

TEST(RetryAfter, Seconds) {
  EXPECT_EQ(parse_retry_after("0", kNow), Duration{});
  EXPECT_EQ(parse_retry_after(" 120\r\n", kNow), Duration::seconds(120));
  EXPECT_EQ(parse_retry_after("00007", kNow), Duration::seconds(7));
  EXPECT_EQ(parse_retry_after("86400", kNow), Duration::hours(24));
  EXPECT_EQ(parse_retry_after("86401", kNow), Duration::hours(24));
  EXPECT_EQ(parse_retry_after("9223372036854775808", kNow), Duration::hours(24));
  EXPECT_EQ(parse_retry_after(std::string(5000, '9'), kNow), Duration::hours(24));
}

TEST(RetryAfter, DatesInAllThreeForms) {
  for (const char* date :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_retry_after(date, kNow), Duration::seconds(10)) << date;
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow), Duration::hours(24));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow + Duration::milliseconds(9'500)),
            Duration::milliseconds(500));
}

TEST(RetryAfter, WhatIsNoTimeIsIgnored) {
  for (const char* value :
       {"", "  ", "-1", "+5", "1.5", "1e3", "0x10", "5 s", "soon", "Sun, 06 Nov 1994", "1 2",
        "Sun, 06 Nov 1994 08:49:26 GMT", "Sun, 06 Nov 1994 08:49:37 GMT trailing", "Sun, 06 Nov 1994 08:49:37 PST"})
    EXPECT_EQ(parse_retry_after(value, kNow), std::nullopt) << value;
}

RC_GTEST_PROP(RetryAfter, AnyTextGivesNothingOrATimeWithinTheCap, (const std::string& text, uint32_t seconds)) {
  WallTime now = WallTime::from_ms(int64_t{seconds} * 1000);
  for (const std::string& value : {text, "Sun, " + text, text + " GMT", std::to_string(seconds) + text}) {
    std::optional<Duration> wait = parse_retry_after(value, now);
    RC_ASSERT(!wait || (*wait >= Duration{} && *wait <= kRetryAfterMax));
  }
}

}  // namespace
}  // namespace forebay
