// A full dead-letter store: who is given up on waits for room in it, is not sent again, and holds the sink until then.
#include <gtest/gtest.h>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

// Two queues into one sink, each with room for one dead letter.
Config small_stores(uint32_t max_attempts = 1) {
  Config config = CoreWorld::simple();
  config.sinks["s"].dead_storm = 0;
  config.queues["q"].dead.max_messages = 1;
  config.queues["q"].retry.max_attempts = max_attempts;
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  return config;
}

Sequence accept_into(CoreWorld& world, QueueId queue) {
  AdmitRequest request;
  request.queue = queue;
  return world.accept(request);
}

size_t send_and_fail(CoreWorld& world, Kind kind, int status) {
  const auto sends = world.tick();
  for (const Send& send : sends) world.core->settled(send.ticket, CoreWorld::outcome(kind, status), world.now);
  return sends.size();
}

TEST(CoreDeadFull, what_is_given_up_is_not_sent_again_and_is_buried_when_there_is_room) {
  for (const auto& [kind, status] : {std::pair{Kind::retry, 500}, {Kind::dead, 400}}) {
    CoreWorld world(small_stores());
    const Sequence first = world.accept(), second = world.accept();
    ASSERT_EQ(send_and_fail(world, kind, status), 2u);
    ASSERT_EQ(world.queue().dead, 1u);
    EXPECT_EQ(world.queue().retrying, 1u);
    EXPECT_TRUE(world.tick().empty());
    ASSERT_TRUE(world.core->purge_dead_letter(first, world.now));
    EXPECT_TRUE(world.tick().empty()) << "attempt 2 of 1";
    EXPECT_EQ(world.queue().dead, 1u);
    EXPECT_EQ(world.queue().retrying, 0u);
    ASSERT_TRUE(world.backlog.letters.contains(second));
    EXPECT_EQ(world.backlog.letters[second].attempts, 1);
    EXPECT_NE(world.backlog.letters[second].reason.find(std::to_string(status)), std::string::npos);
    world.accept();
    EXPECT_EQ(world.tick().size(), 1u) << "nobody waits for the store: the sink goes on";
  }
}

TEST(CoreDeadFull, the_sink_is_held_until_there_is_room_in_that_store) {
  CoreWorld world(small_stores());
  for (const QueueId queue : {1, 2, 1, 2}) accept_into(world, queue);
  ASSERT_EQ(send_and_fail(world, Kind::dead, 400), 4u);
  EXPECT_NE(world.core->lanes()[0]->reason(world.now).find("queue q is full"), std::string::npos);
  world.core->purge_dead(2, 1, world.now);
  accept_into(world, 2);
  EXPECT_TRUE(world.tick().empty()) << "the other queue's store is still full";
  EXPECT_NE(world.core->lanes()[0]->reason(world.now).find("queue q is full"), std::string::npos);
  world.core->purge_dead(1, 1, world.now);
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(CoreDeadFull, one_that_waits_for_the_store_may_be_cancelled) {
  CoreWorld world(small_stores());
  world.accept();
  const Sequence second = world.accept(), live = world.accept();
  const auto sends = world.tick();
  for (const Send& send : sends) {
    world.core->settled(send.ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
    if (send.sequence == second) break;
  }
  const Explanation why = world.core->explain(second, world.now);
  EXPECT_STREQ(why.kind, "paused");
  EXPECT_NE(why.name.find("dead-letter store of queue q is full"), std::string::npos);
  EXPECT_TRUE(world.core->lanes()[0]->paused());
  EXPECT_TRUE(world.core->cancel(second, world.now));
  world.tick();
  EXPECT_FALSE(world.core->lanes()[0]->paused()) << "nobody waits for the store any more";
  EXPECT_TRUE(world.core->is_waiting(live));
}

// Its ttl cannot take it: what is given up is kept.
TEST(CoreDeadFull, one_that_waits_for_the_store_does_not_lapse) {
  CoreWorld world(small_stores());
  AdmitRequest request;
  request.ttl = Duration::minutes(1);
  for (int i = 0; i < 2; ++i) world.accept(request);
  ASSERT_EQ(send_and_fail(world, Kind::dead, 400), 2u);
  world.advance(Duration::minutes(2));
  for (int i = 0; i < 3; ++i) world.tick();
  EXPECT_EQ(world.queue().counters.expired, 0u);
  EXPECT_EQ(world.queue().retrying, 1u);
}

TEST(CoreDeadFull, a_restart_does_not_send_it_again_either) {
  CoreWorld world(small_stores(3));
  for (int i = 0; i < 2; ++i) world.accept();
  ASSERT_EQ(send_and_fail(world, Kind::dead, 400), 2u);
  const FakeBacklog::Change kept = world.backlog.changes.back();
  ASSERT_EQ(kept.what, "retry");
  RecoveredMessage letter, given_up;
  letter.facts = {.sequence = 1, .queue = 1, .accepted_ms = 1, .bytes = 100};
  letter.dead = true;
  given_up.facts = {.sequence = kept.sequence, .queue = 1, .accepted_ms = 1, .due_ms = kept.due_ms, .bytes = 100};
  given_up.attempts = static_cast<uint8_t>(kept.attempts);
  world.advance(Duration::seconds(1));
  world.restart({letter, given_up});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(world.tick().empty());
  EXPECT_TRUE(world.core->lanes()[0]->paused());
  ASSERT_TRUE(world.core->purge_dead_letter(1, world.now));
  EXPECT_TRUE(world.tick().empty());
  EXPECT_TRUE(world.backlog.letters.contains(kept.sequence));
  EXPECT_EQ(world.backlog.letters[kept.sequence].reason, "given up before Forebay stopped");
}

TEST(CoreDeadFull, the_most_attempts_there_can_be_are_counted_to_the_end) {
  CoreWorld world(small_stores(255));
  world.accept();
  for (int attempt = 1; attempt <= 255; ++attempt) {
    const auto sends = world.tick();
    ASSERT_EQ(sends.size(), 1u);
    EXPECT_EQ(sends[0].attempt, attempt);
    world.core->settled(sends[0].ticket, CoreWorld::outcome(Kind::retry, 500), world.now);
    world.advance(Duration::minutes(11));
  }
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(world.queue().dead, 1u);
  EXPECT_EQ(world.backlog.letters.begin()->second.attempts, 255);
}

}  // namespace
}  // namespace forebay
