#include "base/size_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace forebay {
namespace {

TEST(SizeText, units) {
  uint64_t out = 0;
  EXPECT_TRUE(parse_size("256KiB", &out));
  EXPECT_EQ(out, 262144u);
  EXPECT_TRUE(parse_size("50GiB", &out));
  EXPECT_EQ(out, 53687091200u);
  EXPECT_TRUE(parse_size("7B", &out));
  EXPECT_EQ(out, 7u);
  EXPECT_TRUE(parse_size("7", &out));
  EXPECT_EQ(out, 7u);
}

TEST(SizeText, refuses_what_could_be_taken_in_two_ways) {
  uint64_t out = 42;
  for (const char* bad : {"", "KiB", "1MB", "1mib", "1 KiB", "-1", "+1", "1.5GiB", "1KiB ", "0x10", "8388608TiB"}) {
    EXPECT_FALSE(parse_size(bad, &out)) << bad;
  }
  EXPECT_EQ(out, 42u);
}

TEST(CountText, units) {
  uint64_t out = 0;
  EXPECT_TRUE(parse_count("10M", &out));
  EXPECT_EQ(out, 10'000'000u);
  EXPECT_TRUE(parse_count("5k", &out));
  EXPECT_EQ(out, 5'000u);
  EXPECT_TRUE(parse_count("0", &out));
  EXPECT_EQ(out, 0u);
  out = 42;
  for (const char* bad : {"", "M", "5K", "1.5M", "10m", "99999999999G", "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(bad, &out)) << bad;
  }
  EXPECT_EQ(out, 42u);
}

RC_GTEST_PROP(SizeText, is_read_back_as_written, ()) {
  const auto number = *rc::gen::inRange<uint64_t>(0, uint64_t{1} << 63) << *rc::gen::inRange(0, 3) * 10;
  RC_PRE(number < uint64_t{1} << 63);
  uint64_t size = 0, count = 0;
  RC_ASSERT(parse_size(format_size(number), &size) && size == number);
  RC_ASSERT(parse_count(format_count(number), &count) && count == number);
}

}  // namespace
}  // namespace forebay
