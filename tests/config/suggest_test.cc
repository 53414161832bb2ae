#include "config/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace forebay {
namespace {

const std::vector<std::string> names{"limits", "timeout", "max_bytes", "max_messages", "url"};

TEST(Suggest, distance_counts_edits_and_swaps) {
  EXPECT_EQ(edit_distance("limits", "limits"), 0u);
  EXPECT_EQ(edit_distance("limts", "limits"), 1u);
  EXPECT_EQ(edit_distance("lmiits", "limits"), 1u);
  EXPECT_EQ(edit_distance("", "url"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("Max-Bytes", "max_bytes"), 0u);
}

TEST(Suggest, finds_the_nearest) {
  EXPECT_EQ(nearest_name("limts", names), "limits");
  EXPECT_EQ(nearest_name("time_out", names), "timeout");
  EXPECT_EQ(nearest_name("maxmessages", names), "max_messages");
}

TEST(Suggest, is_silent_rather_than_far_off) {
  EXPECT_EQ(nearest_name("colour", names), "");
  EXPECT_EQ(nearest_name("uri", names), "url");
  EXPECT_EQ(nearest_name("abc", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("limits", {}), "");
}

}  // namespace
}  // namespace forebay
