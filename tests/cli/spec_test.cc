#include "relay/cli/spec.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(Spec, Durations) {
  EXPECT_EQ(read_duration("20ms"), Duration::milliseconds(20));
  for (const char* bad : {"", "20", "ms", "-1s", "1 s", "1sx"}) EXPECT_EQ(read_duration(bad), std::nullopt) << bad;
}

TEST(Spec, Rates) {
  const auto rate = read_rate("300/1s");
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->count, 300u);
  EXPECT_EQ(rate->per, Duration::seconds(1));
  EXPECT_EQ(read_rate("5/m")->per, Duration::minutes(1));
  for (const char* bad : {"", "300", "0/1s", "300/", "300/0s", "/1s", "300/x", "-1/1s"}) {
    EXPECT_FALSE(read_rate(bad)) << bad;
  }
}

TEST(Spec, Shares) {
  EXPECT_DOUBLE_EQ(*read_share("1%"), 0.01);
  EXPECT_DOUBLE_EQ(*read_share("0.25"), 0.25);
  for (const char* bad : {"", "%", "101%", "-1%", "2", "nan", "1%x"}) EXPECT_FALSE(read_share(bad)) << bad;
}

TEST(Spec, Addresses) {
  EXPECT_EQ(read_address("127.0.0.1:7080")->port, 7080);
  EXPECT_EQ(read_address(":0")->host, "127.0.0.1");
  EXPECT_EQ(read_address("[::1]:80")->host, "::1");
  for (const char* bad : {"", "7080", "host", "host:", "host:65536", "::1:80", "host:80x"}) {
    EXPECT_FALSE(read_address(bad)) << bad;
  }
}

TEST(Spec, Urls) {
  const auto url = read_http_url("http://127.0.0.1:7070/base/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->address.port, 7070);
  EXPECT_EQ(url->base_path, "/base");
  EXPECT_EQ(read_http_url("http://example.org")->address.port, 80);
  for (const char* bad : {"", "127.0.0.1:7070", "https://a", "http://", "http://:80", "http://a:0", "http://a/?q"}) {
    EXPECT_FALSE(read_http_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace forebay
