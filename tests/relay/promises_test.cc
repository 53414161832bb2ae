#include "relay/promises.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

constexpr WallTime noon{1'700'000'000'000'000'000};
constexpr Sequence round_trip = Promises::every * Promises::most;  // to the same place

bool waits(Sequence) {
  return true;
}
bool gone(Sequence) {
  return false;
}

TEST(Promises, tells_how_far_off_a_delivery_is_on_either_side_and_once) {
  Promises promises;
  EXPECT_FALSE(promises.kept(16, noon));
  promises.make(16, noon, waits);
  promises.make(32, noon, waits);
  EXPECT_EQ(promises.kept(16, noon + Duration::seconds(3))->ns, Duration::seconds(3).ns);
  EXPECT_EQ(promises.kept(32, noon - Duration::seconds(2))->ns, Duration::seconds(2).ns);
  EXPECT_FALSE(promises.kept(16, noon));
}

TEST(Promises, a_place_whose_message_waits_is_not_given_away) {
  Promises promises;
  promises.make(16, noon, waits);
  promises.make(16 + round_trip, noon, waits);
  EXPECT_FALSE(promises.kept(16 + round_trip, noon));
  EXPECT_TRUE(promises.kept(16, noon));
}

TEST(Promises, a_place_whose_message_is_gone_is) {
  Promises promises;
  promises.make(16, noon, waits);
  promises.make(16 + round_trip, noon + Duration::seconds(1), gone);
  EXPECT_FALSE(promises.kept(16, noon));
  EXPECT_EQ(promises.kept(16 + round_trip, noon)->ns, Duration::seconds(1).ns);
}

TEST(Promises, a_sequence_that_is_given_again_is_promised_anew) {
  Promises promises;
  promises.make(16, noon, waits);
  promises.make(16, noon + Duration::seconds(5), waits);
  EXPECT_EQ(promises.kept(16, noon)->ns, Duration::seconds(5).ns);
}

TEST(Promises, what_is_forgotten_is_not_measured) {
  Promises promises;
  promises.forget(16);
  promises.make(16, noon, waits);
  promises.forget(16 + round_trip);
  EXPECT_TRUE(promises.kept(16, noon));
  promises.make(16, noon, waits);
  promises.forget(16);
  EXPECT_FALSE(promises.kept(16, noon));
}

}  // namespace
}  // namespace forebay
