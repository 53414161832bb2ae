// Flows while the world around them changes: limits that come and go, queues that move, retries and what cannot be
// sent.
#include <gtest/gtest.h>

#include "tests/relay/keyed_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
constexpr Duration second = Duration::seconds(1);

TEST(CoreFlowsChange, a_relaxed_key_limit_lets_go_at_once_what_it_held) {
  Config config = keyed();
  config.queues["q"].key_limits = {window(1, Duration::hours(1), "key:1/1h")};
  CoreWorld world(config);
  accept(world, 7), accept(world, 7);
  run(world, second);
  EXPECT_EQ(world.sent.size(), 1u);
  config.queues["q"].key_limits = {window(5, Duration::hours(1), "key:5/1h")};
  const QueueId id = 1;
  EXPECT_EQ(world.core->reconfigure(config, std::span(&id, 1), world.now), "");
  run(world, second);
  EXPECT_EQ(world.sent.size(), 2u);
  config.queues["q"].key_limits.clear();
  EXPECT_EQ(world.core->reconfigure(config, std::span(&id, 1), world.now), "");
  for (int i = 0; i < 20; ++i) accept(world, 7);
  run(world, second);
  EXPECT_EQ(world.sent.size(), 22u);
}

TEST(CoreFlowsChange, limits_that_come_and_go_while_sends_are_out_lose_no_permit) {
  Config plain = keyed(), limited = keyed();
  limited.queues["q"].key_limits = {window(1, second, "k")};
  limited.queues["q"].limits = {window(50, second)};
  CoreWorld world(plain);
  const QueueId id = 1;
  for (int round = 0; round < 6; ++round) {
    for (KeyHash key = 1; key <= 20; ++key) accept(world, key);
    std::vector<Send> out;
    for (int i = 0; i < 10; ++i) {
      for (const Send& send : world.tick()) out.push_back(send);
      world.advance(Duration::milliseconds(10));
    }
    ASSERT_FALSE(out.empty());
    EXPECT_EQ(world.core->reconfigure(round % 2 == 0 ? limited : plain, std::span(&id, 1), world.now), "");
    for (const Send& send : out) world.core->settled(send.ticket, CoreWorld::delivered(), world.now);
    world.advance(second);
  }
  run(world, Duration::minutes(2));
  EXPECT_EQ(world.queue().waiting(), 0u);
  EXPECT_EQ(world.queue().parked_flows, 0u);
}

// What waits and cannot go is no reason to hold a retry back: there would be no send to earn it by.
TEST(CoreFlowsChange, the_retry_budget_does_not_wait_for_what_cannot_be_sent) {
  for (const bool in_order : {true, false}) {
    Config config = in_order ? strict() : keyed();
    config.queues["q"].retry = {200, Duration::milliseconds(20), Duration::milliseconds(40)};
    config.queues["q"].classes["held"] = {.name = "held", .priority = 0};
    config.sinks["s"].breaker.failures = 0;
    config.sinks["s"].retry_budget = 0;
    CoreWorld world(config);
    for (int i = 0; i < 5; ++i) accept(world, 7);
    AdmitRequest request;
    request.klass = *world.core->class_number(1, "held");
    world.core->pause_class(1, request.klass, true);
    world.accept(request);
    int failures = 30;
    world.run(world.now.steady + second * 120, {}, [&](const Send&) {
      return failures-- > 0 ? CoreWorld::outcome(Kind::retry, 500) : CoreWorld::delivered();
    });
    EXPECT_EQ(world.queue().counters.delivered, 5u) << (in_order ? "strict" : "fifo");
  }
}

TEST(CoreFlowsChange, a_queue_that_moves_takes_its_parked_keys_along) {
  Config config = keyed();
  config.sinks["t"] = config.sinks["s"];
  config.sinks["t"].name = "t";
  config.sinks["s"].key_limits = {window(1, second * 2, "k")};
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  CoreWorld world(config);
  AdmitRequest request;
  request.key = 7;
  for (request.queue = 1; request.queue <= 2; ++request.queue) world.accept(request);
  ASSERT_EQ(world.tick().size(), 1u);
  world.advance(second);
  EXPECT_TRUE(world.tick().empty());
  const std::vector<QueueId> ids{1, 2};
  config.queues["r"].sink = "t";
  EXPECT_EQ(world.core->reconfigure(config, ids, world.now), "");
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(CoreFlowsChange, superseding_that_is_switched_on_sees_what_waits) {
  Config config = keyed();
  CoreWorld world(config);
  world.core->pause_queue(1, true);
  for (int i = 0; i < 3; ++i) accept(world, 7);
  config.queues["q"].supersede = true;
  const QueueId id = 1;
  EXPECT_EQ(world.core->reconfigure(config, std::span(&id, 1), world.now), "");
  accept(world, 7);
  EXPECT_EQ(world.queue().waiting(), 1u);
  EXPECT_EQ(world.queue().counters.superseded, 3u);
}

}  // namespace
}  // namespace forebay
