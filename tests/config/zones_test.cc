#include "config/zones.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(Zones, nearest) {
  EXPECT_EQ(nearest_zone("Asia/Shangai"), "Asia/Shanghai");
  EXPECT_EQ(nearest_zone("asia/shanghai"), "Asia/Shanghai");
  EXPECT_EQ(nearest_zone("Berlin"), "Europe/Berlin");
  EXPECT_EQ(nearest_zone("Olympus Mons"), "");
}

}  // namespace
}  // namespace forebay
