#include <gtest/gtest.h>

#include <cerrno>

#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

using World = DeskWorld;

Config with_queue(const std::function<void(QueueConfig&)>& change) {
  Config config = CoreWorld::simple();
  change(config.queues["q"]);
  return config;
}

Problem refused(World& world, const std::vector<NewMessage>& messages) {
  const auto taken = world.publish(messages);
  EXPECT_TRUE(std::holds_alternative<Problem>(taken));
  return std::holds_alternative<Problem>(taken) ? std::get<Problem>(taken) : Problem{};
}

// Nothing of a refused call is left: no bytes, no reservation, no record, and the next call is taken.
void expect_no_trace(World& world) {
  EXPECT_EQ(world.queue().reserved, 0u);
  EXPECT_EQ(world.queue().bytes, 0u);
  EXPECT_EQ(world.queue().waiting(), 0u);
  EXPECT_TRUE(world.backlog.bodies.empty());
  EXPECT_TRUE(std::holds_alternative<uint64_t>(world.publish({World::message()})));
}

TEST(IntakeDesk, accepts_only_after_the_sync) {
  World world;
  const uint64_t token = std::get<uint64_t>(world.publish({World::message("one"), World::message("two")}));
  world.relay->hand_over();
  world.relay->turn();
  EXPECT_TRUE(world.answers.empty()) << "answered before the sync";
  EXPECT_EQ(world.sink.deliveries.size(), 0u);
  world.commit();
  ASSERT_EQ(world.answers[token].accepted.size(), 2u);
  EXPECT_EQ(world.answers[token].accepted[0].queue, "q");
  EXPECT_EQ(world.answers[token].accepted[1].position, 1u);
  EXPECT_NE(world.answers[token].accepted[0].id, world.answers[token].accepted[1].id);
}

TEST(IntakeDesk, names_what_it_does_not_know) {
  World world;
  EXPECT_EQ(refused(world, {World::message("m", "nosuch")}).status, 404);
  NewMessage classed = World::message();
  classed.klass = "otp";
  const Problem problem = refused(world, {classed});
  EXPECT_EQ(problem.status, 422);
  EXPECT_EQ(problem.type, "no-such-class");
  EXPECT_FALSE(problem.retry_after) << "asking again does not help";
  classed.klass = "default";
  EXPECT_TRUE(std::holds_alternative<uint64_t>(world.publish({classed})));
}

TEST(IntakeDesk, a_full_queue_pushes_back_for_as_long_as_the_drain_takes) {
  Config config = with_queue([](QueueConfig& queue) { queue.max_messages = 1000; });
  LimitConfig limit;
  limit.name = "5/1s";
  limit.count = 5;
  limit.per = Duration::seconds(1);
  config.sinks["s"].limits = {limit};
  World world(config);
  for (int i = 0; i < 1000; ++i) world.accept();
  const Problem problem = refused(world, {World::message()});
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.type, "backlog-full");
  EXPECT_NE(problem.detail.find("max_messages of 1000"), std::string::npos) << problem.detail;
  ASSERT_TRUE(problem.retry_after);
  EXPECT_EQ(*problem.retry_after, Duration::seconds(2)) << "room for ten at 5 a second";
  EXPECT_EQ(world.queue().counters.refused_full, 1u);
}

TEST(IntakeDesk, max_bytes_is_a_bound_of_its_own) {
  World world(with_queue([](QueueConfig& queue) { queue.max_bytes = 100; }));
  world.accept(World::message(std::string(90, 'x')));
  const Problem problem = refused(world, {World::message(std::string(20, 'x'))});
  EXPECT_EQ(problem.status, 503);
  EXPECT_NE(problem.detail.find("max_bytes of 100 bytes"), std::string::npos) << problem.detail;
  EXPECT_TRUE(problem.retry_after);
}

TEST(IntakeDesk, what_would_come_too_late_is_refused_where_the_queue_says_so) {
  Config config = with_queue([](QueueConfig& queue) { queue.refuse_late = true; });
  LimitConfig limit;
  limit.name = "1/1m";
  limit.count = 1;
  limit.per = Duration::minutes(1);
  config.sinks["s"].limits = {limit};
  World world(config);
  for (int i = 0; i < 3; ++i) world.accept();
  NewMessage hasty = World::message();
  hasty.ttl = Duration::seconds(90);
  const Problem problem = refused(world, {hasty});
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.type, "too-late");
  EXPECT_TRUE(problem.retry_after);
  EXPECT_EQ(world.queue().counters.refused_late, 1u);
}

TEST(IntakeDesk, a_stopping_relay_refuses_everything) {
  World world;
  world.relay->stop();
  const Problem problem = refused(world, {World::message(), World::message()});
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.type, "stopping");
  EXPECT_EQ(problem.retry_after, Duration::seconds(5));
  EXPECT_EQ(world.queue().counters.refused_stopping, 2u);
}

TEST(IntakeDesk, a_disk_without_room_refuses_with_507_and_leaves_no_trace) {
  for (const int error : {ENOSPC, EDQUOT, EIO, EROFS}) {
    World world;
    world.backlog.refuse = error;
    world.backlog.shown.refusing_why = "no space left on device (/data)";
    const Problem problem = refused(world, {World::message(), World::message()});
    EXPECT_EQ(problem.status, 507);
    EXPECT_NE(problem.detail.find("/data"), std::string::npos);
    EXPECT_TRUE(problem.retry_after);
    const QueueCounters& counters = world.queue().counters;
    EXPECT_EQ(counters.refused_disk_full + counters.refused_disk_error, 2u);
    EXPECT_EQ(counters.refused_disk_full, error == ENOSPC || error == EDQUOT ? 2u : 0u);
    world.backlog.refuse = 0;
    expect_no_trace(world);
  }
}

TEST(IntakeDesk, what_no_segment_can_hold_is_too_large_and_not_to_be_sent_again) {
  World world;
  world.backlog.refuse = EMSGSIZE;
  const Problem problem = refused(world, {World::message()});
  EXPECT_EQ(problem.status, 413);
  EXPECT_NE(problem.detail.find("fewer messages"), std::string::npos);
  EXPECT_FALSE(problem.retry_after);
}

TEST(IntakeDesk, more_than_may_wait_for_the_disk_is_to_be_sent_again) {
  World world;
  world.backlog.refuse = EAGAIN;
  const Problem problem = refused(world, {World::message()});
  EXPECT_EQ(problem.status, 503);
  EXPECT_TRUE(problem.retry_after);
}

// 503 would have it sent again, for ever.
TEST(IntakeDesk, what_a_queue_can_never_hold_is_too_large_and_not_to_be_sent_again) {
  const Config small = with_queue([](QueueConfig& queue) {
    queue.max_messages = 3;
    queue.max_bytes = 200;
  });
  const NewMessage good = World::message(), large = World::message(std::string(201, 'x'));
  for (const auto& batch : {std::vector<NewMessage>{good, good, good, good}, {large}, {good, large}}) {
    World world(small);
    const Problem problem = refused(world, batch);
    EXPECT_EQ(problem.status, 413);
    EXPECT_FALSE(problem.retry_after);
    EXPECT_NE(problem.detail.find("queue \"q\" holds"), std::string::npos) << problem.detail;
    expect_no_trace(world);
  }
}

TEST(IntakeDesk, a_refused_batch_is_told_its_line) {
  World world(with_queue([](QueueConfig& queue) { queue.max_messages = 3; }));
  world.accept();
  std::vector<NewMessage> batch(3, World::message());
  for (uint32_t line = 0; line < 3; ++line) batch[line].line = 2 * line + 1;
  EXPECT_TRUE(refused(world, batch).detail.starts_with("line 5: queue"));
  batch[1].klass = "otp";
  EXPECT_TRUE(refused(world, batch).detail.starts_with("line 3: queue \"q\" has no class"));
  EXPECT_TRUE(refused(world, {World::message("m", "nosuch")}).detail.starts_with("there is no queue"));
}

TEST(IntakeDesk, a_batch_is_all_or_nothing) {
  World world(with_queue([](QueueConfig& queue) { queue.max_messages = 3; }));
  world.accept();
  const NewMessage good = World::message();
  EXPECT_EQ(refused(world, {good, good, good}).status, 503);
  EXPECT_EQ(world.queue().ready + world.queue().reserved, 1u);
  World other;
  EXPECT_EQ(refused(other, {good, World::message("m", "nosuch")}).status, 404);
  expect_no_trace(other);
}

TEST(IntakeDesk, a_failed_commit_is_507_and_gives_the_reservations_back) {
  World world(with_queue([](QueueConfig& queue) { queue.max_messages = 2; }));
  const uint64_t token = std::get<uint64_t>(world.publish({World::message(), World::message()}));
  EXPECT_EQ(refused(world, {World::message()}).status, 503);
  world.commit(ENOSPC);
  ASSERT_TRUE(world.answers[token].problem);
  EXPECT_EQ(world.answers[token].problem->status, 507);
  EXPECT_TRUE(world.answers[token].problem->retry_after);
  EXPECT_EQ(world.queue().reserved, 0u);
  EXPECT_EQ(world.queue().bytes, 0u);
  world.turn();
  EXPECT_TRUE(world.sink.deliveries.empty());
  EXPECT_TRUE(std::holds_alternative<uint64_t>(world.publish({World::message(), World::message()})));
}

TEST(IntakeDesk, cancels_what_waits_once_and_not_what_is_in_flight) {
  World world;
  world.hold_all();
  const std::string waiting = world.accept();
  const uint64_t token = std::get<uint64_t>(world.cancel(waiting));
  EXPECT_FALSE(world.answers.contains(token)) << "answered before the sync";
  world.commit();
  EXPECT_EQ(world.answers[token].changed, 1u);
  EXPECT_EQ(std::get<Problem>(world.cancel(waiting)).status, 409);
  const std::string flying = world.accept();
  world.turn();
  const Problem problem = std::get<Problem>(world.cancel(flying));
  EXPECT_EQ(problem.status, 409);
  EXPECT_EQ(problem.type, "in-flight");
  world.answer_next(CoreWorld::delivered());
  EXPECT_EQ(std::get<Problem>(world.cancel(flying)).type, "finished");
  EXPECT_EQ(world.sink.deliveries.size(), 1u);
}

TEST(IntakeDesk, a_cancellation_that_is_not_on_disk_is_not_confirmed) {
  World world;
  const std::string id = world.accept();
  const uint64_t token = std::get<uint64_t>(world.cancel(id));
  world.commit(EIO);
  EXPECT_FALSE(world.answers[token].changed);
  ASSERT_TRUE(world.answers[token].problem);
  EXPECT_EQ(world.answers[token].problem->status, 507);
}

TEST(IntakeDesk, who_is_gone_is_not_answered) {
  World world;
  ASSERT_TRUE(std::holds_alternative<uint64_t>(world.publish({World::message()})));
  world.relay->intake().forget(world);
  world.commit();
  EXPECT_TRUE(world.answers.empty());
  EXPECT_EQ(world.queue().waiting(), 1u) << "it is durable all the same";
}

}  // namespace
}  // namespace forebay
