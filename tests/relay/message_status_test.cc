// What GET /v1/messages/{id} is answered with, state by state.
#include <gtest/gtest.h>

#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

std::string reason_404(DeskWorld& world, const std::string& id) {
  const auto found = world.relay->intake().find(id);
  if (!std::holds_alternative<Problem>(found)) return "found";
  EXPECT_EQ(std::get<Problem>(found).status, 404);
  return std::get<Problem>(found).type;
}

Config with_limit(const std::string& name, uint64_t count, Duration per) {
  Config config = CoreWorld::simple();
  LimitConfig limit;
  limit.name = name;
  limit.count = count;
  limit.per = per;
  config.sinks["s"].limits = {limit};
  return config;
}

// The one thing it waits on.
std::string waits_on(DeskWorld& world, const std::string& id) {
  const MessageStatus status = world.status(id);
  return status.waiting_on ? status.waiting_on->kind + " " + status.waiting_on->name : "nothing";
}

TEST(MessageStatus, delayed_until_it_is_due) {
  DeskWorld world;
  NewMessage later = DeskWorld::message();
  later.delay = Duration::seconds(90);
  const std::string id = world.accept(later);
  const MessageStatus status = world.status(id);
  EXPECT_EQ(status.state, "delayed");
  EXPECT_EQ(status.queue, "q");
  EXPECT_EQ(status.id, id);
  EXPECT_EQ(status.attempts, 0u);
  EXPECT_EQ(status.last_outcome, "");
  ASSERT_TRUE(status.waiting_on);
  EXPECT_EQ(status.waiting_on->kind, "delay");
  EXPECT_EQ(status.waiting_on->until, world.clock.at.wall + Duration::seconds(90));
  EXPECT_EQ(status.estimated_delivery, world.clock.at.wall + Duration::seconds(90));
}

TEST(MessageStatus, not_before_wins_over_delay) {
  DeskWorld world;
  NewMessage later = DeskWorld::message();
  later.delay = Duration::seconds(1);
  later.not_before = world.clock.at.wall + Duration::hours(1);
  const std::string id = world.accept(later);
  EXPECT_EQ(world.status(id).waiting_on->until, later.not_before);
}

TEST(MessageStatus, ready_then_in_flight_then_delivered_then_forgotten) {
  DeskWorld world;
  world.hold_all();
  const std::string id = world.accept();
  EXPECT_EQ(world.status(id).state, "ready");
  EXPECT_EQ(waits_on(world, id), "turn ") << "nothing holds it: it goes in the next turn";
  world.turn();
  EXPECT_EQ(world.status(id).state, "in_flight");
  EXPECT_EQ(waits_on(world, id), "nothing");
  EXPECT_FALSE(world.status(id).position);
  world.answer_next(CoreWorld::delivered());
  const MessageStatus status = world.status(id);
  EXPECT_EQ(status.state, "delivered");
  EXPECT_EQ(status.attempts, 1u);
  EXPECT_EQ(status.last_outcome, "delivered");
  EXPECT_FALSE(status.waiting_on);
  world.advance(Duration::hours(1));
  EXPECT_EQ(reason_404(world, id), "forgotten");
  EXPECT_EQ(std::get<Problem>(world.cancel(id)).type, "forgotten");
}

TEST(MessageStatus, an_id_of_no_message_is_not_a_forgotten_one) {
  DeskWorld world;
  EXPECT_EQ(reason_404(world, "00000000000000000000000000"), "no-such-message");
  EXPECT_EQ(reason_404(world, "short"), "no-such-message");
  MessageIds same_store(world.backlog.store_id(), world.backlog.id_key());
  const MessageId future = same_store.encode(1'000'000, 1);
  EXPECT_EQ(reason_404(world, {future.data(), future.size()}), "no-such-message");
  EXPECT_EQ(std::get<Problem>(world.cancel("short")).status, 404);
}

TEST(MessageStatus, retrying_says_why_and_until_when) {
  DeskWorld world;
  world.hold_all();
  const std::string id = world.accept();
  world.turn();
  world.answer_next(CoreWorld::outcome(Kind::retry, 500));
  const MessageStatus status = world.status(id);
  EXPECT_EQ(status.state, "retrying");
  EXPECT_EQ(status.attempts, 1u);
  EXPECT_EQ(status.last_outcome, "http 500");
  ASSERT_TRUE(status.waiting_on);
  EXPECT_EQ(status.waiting_on->kind, "retry");
  ASSERT_TRUE(status.waiting_on->until);
  EXPECT_GT(*status.waiting_on->until, world.clock.at.wall);
  EXPECT_LE(*status.waiting_on->until, world.clock.at.wall + Duration::milliseconds(1002));
}

TEST(MessageStatus, dead_keeps_its_reason) {
  DeskWorld world;
  world.hold_all();
  const std::string id = world.accept();
  world.turn();
  world.answer_next(CoreWorld::outcome(Kind::dead, 400));
  const MessageStatus status = world.status(id);
  EXPECT_EQ(status.state, "dead");
  EXPECT_EQ(status.attempts, 1u);
  EXPECT_EQ(status.last_outcome, "http 400");
  EXPECT_FALSE(status.waiting_on);
}

// The contract has no states for these: what an operator purged was called off, what left the dead-letter store is
// dead.
TEST(MessageStatus, purged_is_cancelled_and_a_letter_that_left_its_store_is_dead) {
  Config config = CoreWorld::simple();
  config.queues["q"].dead.max_messages = 1;
  config.queues["q"].dead.on_full = DeadConfig::OnFull::drop_oldest;
  DeskWorld world(config);
  world.hold_all();
  const std::string dropped = world.accept(), purged_letter = world.accept();
  world.turn();
  for (int i = 0; i < 2; ++i) world.answer_next(CoreWorld::outcome(Kind::dead, 400));
  world.relay->core().pause_sink(0, true, "test");
  const std::string purged = world.accept();
  Sweep all{1, world.relay->core().next_sequence()};
  EXPECT_EQ(world.relay->core().purge(1, &all, 10, world.clock.at), 1u);
  EXPECT_EQ(world.relay->core().purge_dead(1, 10, world.clock.at), 1u);
  EXPECT_EQ(world.status(purged).state, "cancelled");
  EXPECT_EQ(world.status(purged).last_outcome, "purged by an operator");
  EXPECT_EQ(world.status(purged_letter).state, "dead");
  EXPECT_EQ(world.status(purged_letter).last_outcome, "purged by an operator");
  EXPECT_EQ(world.status(dropped).state, "dead");
  EXPECT_EQ(world.status(dropped).last_outcome, "dropped from the dead-letter store");
  world.relay->admin().refresh_gauges();
  const std::string text = world.relay->metrics().text();
  EXPECT_NE(text.find("forebay_cancelled_messages_total 1"), std::string::npos);
  EXPECT_NE(text.find("forebay_dead_letters_dropped_total{queue=\"q\",reason=\"full\"} 1"), std::string::npos);
}

TEST(MessageStatus, expired_and_cancelled) {
  DeskWorld world;
  world.relay->core().pause_queue(1, true);
  NewMessage hasty = DeskWorld::message();
  hasty.ttl = Duration::seconds(1);
  const std::string expired = world.accept(hasty);
  const std::string cancelled = world.accept();
  world.cancel(cancelled);
  world.advance(Duration::seconds(2));
  world.turn();
  EXPECT_EQ(world.status(expired).state, "expired");
  EXPECT_EQ(world.status(cancelled).state, "cancelled");
}

TEST(MessageStatus, waits_on_a_limit_by_its_name_or_on_the_concurrency) {
  DeskWorld limited(with_limit("1/1h", 1, Duration::hours(1)));
  limited.hold_all();
  limited.accept();
  const std::string second = limited.accept(), third = limited.accept();
  limited.turn();
  limited.answer_next(CoreWorld::delivered());
  EXPECT_EQ(waits_on(limited, second), "limit 1/1h");
  EXPECT_EQ(waits_on(limited, third), "limit 1/1h");
  EXPECT_EQ(limited.status(second).position, 0u);
  EXPECT_EQ(limited.status(third).position, 1u);
  EXPECT_GE(limited.status(second).estimated_delivery, limited.clock.at.wall + Duration::hours(1));

  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 1;
  DeskWorld narrow(config);
  narrow.hold_all();
  narrow.accept();
  const std::string behind = narrow.accept();
  narrow.turn();
  EXPECT_EQ(waits_on(narrow, behind), "limit concurrency");
}

TEST(MessageStatus, waits_on_pauses_by_name) {
  DeskWorld world;
  const std::string id = world.accept();
  world.relay->core().pause_queue(1, true);
  EXPECT_EQ(waits_on(world, id), "paused queue q");
  EXPECT_FALSE(world.status(id).estimated_delivery) << "a pause has no known end";
  world.relay->core().pause_queue(1, false);
  world.relay->core().pause_sink(0, true, "by an operator");
  EXPECT_EQ(waits_on(world, id), "paused sink s");
}

TEST(MessageStatus, waits_on_a_throttle_or_an_open_breaker) {
  DeskWorld world;
  world.hold_all();
  const std::string id = world.accept();
  world.turn();
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.retry_after = Duration::minutes(1);
  world.answer_next(throttled);
  EXPECT_EQ(world.status(id).state, "ready");
  EXPECT_EQ(waits_on(world, id), "throttled http 429");
  EXPECT_EQ(world.status(id).waiting_on->until, world.clock.at.wall + Duration::minutes(1));
  EXPECT_EQ(world.status(id).last_outcome, "http 429");
  world.advance(Duration::minutes(1));
  world.turn();
  world.answer_next(CoreWorld::outcome(Kind::sink_fault, 401));
  EXPECT_EQ(waits_on(world, id), "breaker sink_fault: http 401");
  EXPECT_EQ(world.status(id).attempts, 0u) << "neither spent an attempt";
}

}  // namespace
}  // namespace forebay
