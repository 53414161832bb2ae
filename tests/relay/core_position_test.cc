// Where a message stands: how many of its queue go before it if nothing changes.
#include <gtest/gtest.h>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

struct PositionWorld : CoreWorld {
  PositionWorld() : CoreWorld(simple()) {}
  uint64_t position(Sequence sequence) { return core->explain(sequence, now).position; }
  uint64_t position_of_next(AdmitRequest request = {}) {
    const auto reservation = std::get<Reservation>(admit(request));
    core->withdrawn(std::span(&reservation.facts, 1));
    return reservation.position;
  }
  static AdmitRequest later(Duration delay) {
    AdmitRequest request;
    request.delay = delay;
    return request;
  }
};

TEST(CorePosition, counts_those_before_it_and_not_those_that_are_gone) {
  PositionWorld world;
  world.core->pause_sink(0, true, "test");
  for (int i = 0; i < 10; ++i) world.accept();
  EXPECT_EQ(world.position(8), 7u);
  for (const Sequence gone : {2, 3, 7, 9}) world.core->cancel(gone, world.now);
  EXPECT_EQ(world.position(1), 0u);
  EXPECT_EQ(world.position(8), 4u);
  EXPECT_EQ(world.position(10), 5u);
}

TEST(CorePosition, a_delayed_message_stands_behind_what_is_ready_and_what_is_due_earlier) {
  PositionWorld world;
  world.core->pause_sink(0, true, "test");
  world.accept();
  const Sequence hour = world.accept(PositionWorld::later(Duration::hours(1)));
  const Sequence minute = world.accept(PositionWorld::later(Duration::minutes(1)));
  for (int i = 0; i < 5; ++i) world.accept(PositionWorld::later(Duration::hours(24)));
  EXPECT_EQ(world.position(minute), 1u);
  EXPECT_EQ(world.position(hour), 2u);
  EXPECT_EQ(world.position_of_next(PositionWorld::later(Duration::seconds(1))), 1u);
  EXPECT_EQ(world.position_of_next(PositionWorld::later(Duration::hours(2))), 3u);
  AdmitRequest by_wall;
  by_wall.not_before = world.now.wall + Duration::minutes(30);
  EXPECT_EQ(world.position_of_next(by_wall), 2u);
}

TEST(CorePosition, what_fell_due_stands_among_the_others_by_that_time) {
  PositionWorld world;
  world.core->pause_sink(0, true, "test");
  const Sequence before = world.accept();
  const Sequence due = world.accept(PositionWorld::later(Duration::seconds(10)));
  world.advance(Duration::seconds(5));
  const Sequence between = world.accept();
  world.advance(Duration::seconds(10));
  world.tick();
  const Sequence after = world.accept();
  EXPECT_EQ(world.position(before), 0u);
  EXPECT_EQ(world.position(between), 1u);
  EXPECT_EQ(world.position(due), 2u);
  EXPECT_EQ(world.position(after), 3u);
  world.core->pause_sink(0, false, "");
  std::vector<Sequence> order;
  for (const Send& send : world.tick()) order.push_back(send.sequence);
  EXPECT_EQ(order, (std::vector<Sequence>{before, between, due, after}));
}

TEST(CorePosition, replayed_letters_stand_behind_what_is_live) {
  PositionWorld world;
  for (int i = 0; i < 3; ++i) world.accept();
  for (const Send& send : world.tick()) {
    world.core->settled(send.ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
  }
  world.core->pause_sink(0, true, "test");
  world.core->replay_dead(1, 3, world.now);
  EXPECT_EQ(world.position_of_next(), 0u);
  const Sequence live = world.accept();
  EXPECT_EQ(world.position(live), 0u);
  EXPECT_EQ(world.position(1), 1u);
  EXPECT_EQ(world.position(3), 3u);
  world.core->cancel(1, world.now);
  EXPECT_EQ(world.position(3), 2u);
  EXPECT_EQ(world.position_of_next(), 1u);
}

}  // namespace
}  // namespace forebay
