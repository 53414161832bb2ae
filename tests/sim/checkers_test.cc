// Each checker is tried against a world that breaks its promise: a checker that never speaks shows nothing.
#include <gtest/gtest.h>

#include "sim/checkers.h"
#include "tests/sim/plain_world.h"

namespace forebay::sim {
namespace {

Event event(Sequence sequence, uint8_t klass = 0, KeyHash key = 0, uint8_t attempt = 1) {
  Event e;
  e.now = {{1'000'000'000'000}, {}};
  e.sequence = sequence;
  e.queue = 1;
  e.klass = klass;
  e.key = key;
  e.attempt = attempt;
  return e;
}

bool complains_of(const Checker& checker, const std::string& words) {
  for (const std::string& violation : checker.violations()) {
    if (violation.find(words) != std::string::npos) return true;
  }
  return false;
}

class Ledgers : public testing::Test {
 protected:
  void accept(Sequence sequence) {
    ledger.came(event(sequence));
    ledger.accepted(event(sequence));
  }
  Ledger ledger;
};

TEST_F(Ledgers, is_content_with_a_life_as_it_should_be) {
  accept(1);
  ledger.sent(event(1));
  ledger.delivered(event(1));
  EXPECT_TRUE(ledger.violations().empty());
}

TEST_F(Ledgers, sees_what_is_lost) {
  World world(plain_config(), instant_world());
  accept(1);
  ledger.finish(world);
  EXPECT_TRUE(complains_of(ledger, "is lost"));
}

TEST_F(Ledgers, sees_what_is_invented) {
  ledger.sent(event(3));
  EXPECT_TRUE(complains_of(ledger, "never came"));
}

TEST_F(Ledgers, sees_a_send_before_the_sync) {
  ledger.came(event(1));
  ledger.sent(event(1));
  EXPECT_TRUE(complains_of(ledger, "before it is durable"));
}

TEST_F(Ledgers, sees_two_ends_in_one_life_and_takes_them_in_two) {
  accept(1);
  ledger.delivered(event(1));
  ledger.crashed({});
  ledger.sent(event(1, 0, 0, 2));
  ledger.delivered(event(1));
  EXPECT_TRUE(ledger.violations().empty());
  EXPECT_EQ(ledger.again(), 1u);
  ledger.delivered(event(1));
  EXPECT_TRUE(complains_of(ledger, "after it ended"));
}

TEST_F(Ledgers, sees_a_number_given_twice) {
  accept(1);
  ledger.crashed({});
  ledger.came(event(1));
  EXPECT_TRUE(complains_of(ledger, "the number of another"));
}

TEST(RoomChecker, sees_a_queue_and_a_sink_above_their_bounds) {
  Config config = plain_config();
  config.queues["q"].max_messages = 2;
  config.sinks["s"].concurrency = 1;
  Room room(config);
  for (Sequence s = 1; s <= 2; ++s) room.accepted(event(s));
  room.sent(event(1));
  EXPECT_TRUE(room.violations().empty());
  room.accepted(event(3));
  EXPECT_TRUE(complains_of(room, "queue 1 holds 3"));
  room.sent(event(2));
  EXPECT_TRUE(complains_of(room, "has 2 under way"));
}

TEST(ConvergenceChecker, sees_a_world_that_never_gets_through) {
  Config config = plain_config();
  config.sinks["s"].limits = {window(1, Duration::hours(1))};
  World world(config, instant_world());
  IdealDownstream ideal(Duration::milliseconds(1));
  world.set_downstream("s", &ideal);
  Traffic burst = traffic(std::make_unique<Burst>(10, Duration{}, Duration{}, Duration{}));
  world.add_source(&burst);
  Convergence soon(Duration::minutes(5)), late(Duration::hours(11));
  soon.finish(world);
  EXPECT_TRUE(complains_of(soon, "still holds 9"));
  late.finish(world);
  EXPECT_TRUE(late.violations().empty());
}

Config with_classes(double floor) {
  Config config = plain_config();
  ClassConfig low, high;
  high.priority = 0;
  low.priority = 2;
  low.floor = floor;
  config.queues["q"].classes = {{"high", high}, {"low", low}};  // numbers 1 and 2
  return config;
}

TEST(PriorityChecker, sees_an_inversion) {
  Priority priority(with_classes(0));
  priority.accepted(event(1, 2));
  priority.accepted(event(2, 1));
  priority.sent(event(1, 2));
  EXPECT_EQ(priority.inversions(), 1u);
  EXPECT_TRUE(complains_of(priority, "goes before"));
}

TEST(PriorityChecker, lets_a_floor_have_its_share_and_no_more) {
  Priority priority(with_classes(0.05));
  Sequence next = 1;
  for (int i = 0; i < 100; ++i) priority.accepted(event(next++, 1)), priority.accepted(event(next++, 2));
  for (int i = 0; i < 19; ++i) priority.sent(event(1, 1));
  priority.sent(event(2, 2));
  EXPECT_EQ(priority.inversions(), 0u);
  EXPECT_EQ(priority.longest_gap(1, 2), 20u);
  priority.sent(event(4, 2));
  priority.sent(event(6, 2));
  EXPECT_EQ(priority.inversions(), 1u);
}

TEST(FairnessChecker, sees_a_hot_key_go_first_all_the_time) {
  constexpr KeyHash hot = 1, other = 2;
  Fairness fair, unfair;
  for (Fairness* fairness : {&fair, &unfair}) {
    for (Sequence s = 1; s <= 100; ++s) fairness->accepted(event(s, 0, hot));
    fairness->accepted(event(101, 0, other));
    fairness->sent(event(1, 0, hot));
  }
  fair.sent(event(101, 0, other));
  EXPECT_EQ(fair.worst(), 1u);
  for (Sequence s = 2; s <= 9; ++s) unfair.sent(event(s, 0, hot));
  unfair.sent(event(101, 0, other));
  EXPECT_EQ(unfair.worst(), 9u);
}

}  // namespace
}  // namespace forebay::sim
