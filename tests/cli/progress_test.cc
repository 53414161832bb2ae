#include "relay/cli/progress.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(Progress, DrawsABarWhereTheTotalIsKnown) {
  EXPECT_EQ(progress_line({.done = 3000, .total = 6000, .seconds = 2, .per_second = 1500}, 100),
            "[############------------]  50 %  3,000/6,000  1,500/s  2.0 s");
  EXPECT_EQ(progress_line({.done = 7000, .total = 6000}, 30), "[########################] 100");
}

TEST(Progress, CountsWhereItIsNot) {
  EXPECT_EQ(progress_line({.done = 12, .seconds = 1, .per_second = 12, .note = "resent 3"}, 100),
            "12  12/s  1.0 s  resent 3");
}

TEST(Progress, Commas) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
}

}  // namespace
}  // namespace forebay
