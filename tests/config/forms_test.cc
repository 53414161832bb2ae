#include "config/forms.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace forebay {
namespace {

std::string rate(std::string_view text) {
  uint64_t count = 0;
  Duration per;
  return parse_rate(text, &count, &per) ? format_rate(count, per) : "no";
}

TEST(Rate, forms) {
  EXPECT_EQ(rate("300/1s"), "300/1s");
  EXPECT_EQ(rate("300/s"), "300/1s");
  EXPECT_EQ(rate("100/1m"), "100/1m");
  EXPECT_EQ(rate("60/60s"), "60/1m");
  EXPECT_EQ(rate("5k/500ms"), "5000/500ms");
  for (const char* bad :
       {"", "300", "/1s", "300/", "300/1", "0/1s", "300/0s", "-1/1s", "300/1s/1s", "3 /1s", "300/S"}) {
    EXPECT_EQ(rate(bad), "no") << bad;
  }
}

RC_GTEST_PROP(Rate, is_read_back_as_written, ()) {
  const auto count = *rc::gen::inRange<uint64_t>(1, 1'000'000'000);
  const auto ns = *rc::gen::inRange<int64_t>(1, int64_t{1} << 50);
  uint64_t count_back = 0;
  Duration per_back;
  RC_ASSERT(parse_rate(format_rate(count, {ns}), &count_back, &per_back));
  RC_ASSERT(count_back == count && per_back.ns == ns);
}

std::string quota(std::string_view text) {
  uint64_t count = 0;
  LimitConfig::Period period;
  return parse_quota(text, &count, &period) ? std::to_string(count) + "/" + format_period(period) : "no";
}

TEST(Quota, forms) {
  EXPECT_EQ(quota("1000000/day"), "1000000/day");
  EXPECT_EQ(quota("100k/week"), "100000/week");
  EXPECT_EQ(quota("5M/month"), "5000000/month");
  for (const char* bad :
       {"", "day", "/day", "0/day", "5/Day", "5/days", "5/1day", "-5/day", "5 /day", "5/d", "5/year"}) {
    EXPECT_EQ(quota(bad), "no") << bad;
  }
}

std::string percent(std::string_view text) {
  double share = -1;
  if (!parse_percent(text, &share)) return share == -1 ? "no" : "touched";
  return format_percent(share);
}

TEST(Percent, forms) {
  EXPECT_EQ(percent("20%"), "20%");
  EXPECT_EQ(percent("0%"), "0%");
  EXPECT_EQ(percent("0.5%"), "0.5%");
  EXPECT_EQ(percent("07.50%"), "7.5%");
  EXPECT_EQ(percent("250%"), "250%");
  for (const char* bad : {"", "%", "20", "0.2", "-5%", "+5%", "5 %", "1e2%", ".5%", "5.%", "1.2.3%", "nan%", "inf%",
                          "1234567890123456%"}) {
    EXPECT_EQ(percent(bad), "no") << bad;
  }
}

RC_GTEST_PROP(Percent, is_read_back_as_written, ()) {
  const auto hundredths = *rc::gen::inRange<int>(0, 10'001);
  double back = -1;
  RC_ASSERT(parse_percent(format_percent(hundredths / 10'000.0), &back));
  RC_ASSERT(std::abs(back - hundredths / 10'000.0) < 1e-12);
}

std::string source(std::string_view text) {
  ValueSource found{ValueSource::From::none, "untouched"};
  if (!why_not_source(text, &found).empty()) return found.name == "untouched" ? "no" : "touched";
  return (found.from == ValueSource::From::json ? "json " : "header ") + found.name;
}

TEST(Source, forms) {
  EXPECT_EQ(source("json:/phone"), "json /phone");
  EXPECT_EQ(source("json:/a~1b/0/~0"), "json /a~1b/0/~0");
  EXPECT_EQ(source("json:/"), "json /");
  EXPECT_EQ(source("header:X-Tenant"), "header X-Tenant");
  for (const char* bad : {"", "phone", "/phone", "json:", "json:phone", "json:/a~", "json:/a~2",
                          "header:", "header:X Y", "header:X:Y", "Header:X", "query:x"}) {
    EXPECT_EQ(source(bad), "no") << bad;
  }
}

std::string address(std::string_view text) {
  std::string host = "untouched";
  uint16_t port = 0;
  if (!parse_address(text, &host, &port)) return host == "untouched" ? "no" : "touched";
  return host + " " + std::to_string(port);
}

TEST(Address, forms) {
  EXPECT_EQ(address("127.0.0.1:7070"), "127.0.0.1 7070");
  EXPECT_EQ(address("[::1]:7070"), "::1 7070");
  EXPECT_EQ(address("localhost:1"), "127.0.0.1 1");
  EXPECT_EQ(address(":0"), "127.0.0.1 0");
  EXPECT_EQ(address("0.0.0.0:65535"), "0.0.0.0 65535");
  for (const char* bad : {"", ":", "7070", "::1:7070", "[127.0.0.1]:1", "127.0.0.1:65536", "127.0.0.1:-1", "127.1:1",
                          "127.0.0.1:", "127.0.0.1: 1", "[::1]", "host:1"}) {
    EXPECT_EQ(address(bad), "no") << bad;
  }
}

TEST(Address, loopback) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.9.9.9"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("::"));
  EXPECT_FALSE(is_loopback("128.0.0.1"));
}

std::string statuses(std::string_view text) {
  std::pair<int, int> range;
  return parse_status_range(text, &range) ? std::to_string(range.first) + " " + std::to_string(range.second) : "no";
}

TEST(StatusRange, forms) {
  EXPECT_EQ(statuses("200"), "200 200");
  EXPECT_EQ(statuses("2xx"), "200 299");
  EXPECT_EQ(statuses("400-499"), "400 499");
  for (const char* bad : {"", "xx", "6xx", "0xx", "2x", "99", "600", "499-400", "400-", "-400", "400-700", "200 "}) {
    EXPECT_EQ(statuses(bad), "no") << bad;
  }
}

TEST(Url, forms) {
  for (const char* good :
       {"http://h", "https://h/", "http://h:1/a?b=c", "http://[::1]:80/", "http://h?x", "http://a.b-c/%20"}) {
    EXPECT_EQ(why_not_url(good), "") << good;
  }
  for (const char* bad :
       {"", "h", "ftp://h/", "http:/h", "http://", "http:///a", "http://h:/", "http://h:0/", "http://h:99999/",
        "http://u@h/", "http://h/a b", "http://h/\n", "http://h/#f", "http://[::1/", "HTTP://h/"}) {
    EXPECT_NE(why_not_url(bad), "") << bad;
  }
}

TEST(Name, forms) {
  for (const char* good : {"sms", "order.paid", "sms-gateway", "a_1", "1"}) EXPECT_TRUE(is_name(good)) << good;
  for (const char* bad : {"", ".a", "-a", "a/b", "a b", "a:b", "ä"}) EXPECT_FALSE(is_name(bad)) << bad;
  EXPECT_TRUE(is_name(std::string(64, 'a')));
  EXPECT_FALSE(is_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace forebay
