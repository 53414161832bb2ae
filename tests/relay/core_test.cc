#include "relay/core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

TEST(Core, nothing_is_sent_before_it_is_durable) {
  CoreWorld world(CoreWorld::simple());
  const auto result = world.admit({});
  const MessageFacts facts = std::get<Reservation>(result).facts;
  EXPECT_TRUE(world.tick().empty());
  world.core->durable(std::span(&facts, 1), world.now);
  ASSERT_EQ(world.tick().size(), 1u);
}

TEST(Core, a_failed_write_leaves_no_trace) {
  Config config = CoreWorld::simple();
  config.queues["q"].max_messages = 1;
  CoreWorld world(config);
  const MessageFacts facts = std::get<Reservation>(world.admit({})).facts;
  EXPECT_TRUE(std::holds_alternative<Refusal>(world.admit({})));
  world.core->failed(std::span(&facts, 1));
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(world.queue().bytes, 0u);
  EXPECT_TRUE(std::holds_alternative<Reservation>(world.admit({})));
}

// The backlog leaves out no sequence: what it never saw must not have used one.
TEST(Core, a_withdrawn_reservation_gives_its_sequence_back) {
  CoreWorld world(CoreWorld::simple());
  const Sequence before = world.accept();
  std::vector<MessageFacts> facts;
  for (int i = 0; i < 3; ++i) facts.push_back(std::get<Reservation>(world.admit({})).facts);
  world.core->withdrawn(facts);
  EXPECT_EQ(world.queue().reserved, 0u);
  EXPECT_EQ(world.queue().bytes, 100u);
  EXPECT_EQ(world.accept(), before + 1);
}

TEST(Core, first_in_first_out) {
  CoreWorld world(CoreWorld::simple());
  std::vector<Sequence> accepted, sent;
  for (int i = 0; i < 50; ++i) accepted.push_back(world.accept());
  for (const Send& send : world.tick()) sent.push_back(send.sequence);
  EXPECT_EQ(sent, accepted);
}

TEST(Core, delivered_is_settled_and_remembered) {
  CoreWorld world(CoreWorld::simple());
  const Sequence sequence = world.accept();
  const Send send = world.tick().at(0);
  EXPECT_EQ(send.attempt, 1);
  world.core->settled(send.ticket, CoreWorld::delivered(), world.now);
  ASSERT_EQ(world.backlog.changes.size(), 1u);
  EXPECT_EQ(world.backlog.changes[0].how, Settlement::delivered);
  EXPECT_FALSE(world.core->is_waiting(sequence));
  ASSERT_TRUE(world.core->finished(sequence, world.now));
  world.advance(Duration::hours(1));
  EXPECT_FALSE(world.core->finished(sequence, world.now)) << "kept status_retention only";
}

TEST(Core, a_delay_is_kept_to_the_millisecond_and_survives_a_stepped_clock) {
  CoreWorld world(CoreWorld::simple());
  AdmitRequest request;
  request.delay = Duration::seconds(90);
  world.accept(request);
  EXPECT_TRUE(world.tick().empty());
  world.step_wall(Duration::hours(5));
  EXPECT_TRUE(world.tick().empty()) << "a delay is steady time";
  world.advance(Duration::milliseconds(89'999));
  EXPECT_TRUE(world.tick().empty());
  EXPECT_LE(world.wake - world.now.steady, Duration::milliseconds(1));
  world.advance(Duration::milliseconds(1));
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(Core, not_before_follows_the_wall_clock_when_it_is_stepped) {
  CoreWorld world(CoreWorld::simple());
  AdmitRequest request;
  request.not_before = world.now.wall + Duration::hours(1);
  world.accept(request);
  EXPECT_TRUE(world.tick().empty());
  EXPECT_LE(world.wake - world.now.steady, Duration::seconds(1)) << "nobody tells when the clock is stepped";
  world.step_wall(Duration::hours(1));
  EXPECT_EQ(world.tick().size(), 1u);
}

// A clock that was an hour fast and is set right again: what is accepted then is due within what it has shown before.
TEST(Core, not_before_is_kept_after_the_wall_clock_was_set_back) {
  CoreWorld world(CoreWorld::simple());
  world.step_wall(Duration::hours(1));
  world.tick();
  AdmitRequest request;
  request.not_before = world.now.wall + Duration::seconds(10);
  world.accept(request);
  world.step_wall(Duration{} - Duration::hours(1));
  world.tick();
  request.not_before = world.now.wall + Duration::seconds(5);
  const Sequence sequence = world.accept(request);
  EXPECT_TRUE(world.tick().empty());
  world.advance(Duration::milliseconds(4'999));
  EXPECT_TRUE(world.tick().empty());
  world.advance(Duration::milliseconds(1));
  const std::vector<Send> sends = world.tick();
  ASSERT_EQ(sends.size(), 1u);
  EXPECT_EQ(sends[0].sequence, sequence);
  world.advance(Duration::hours(1) + Duration::seconds(5));
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(Core, expired_before_its_turn) {
  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 1;
  CoreWorld world(config);
  world.accept();
  AdmitRequest request;
  request.ttl = Duration::seconds(5);
  const Sequence second = world.accept(request);
  const Send first = world.tick().at(0);
  world.advance(Duration::milliseconds(5'000));
  world.core->settled(first.ticket, CoreWorld::delivered(), world.now);
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(world.queue().counters.expired, 1u);
  EXPECT_EQ(world.core->finished(second, world.now)->how, Settlement::expired);
}

TEST(Core, expired_while_it_waits_even_if_nothing_moves) {
  CoreWorld world(CoreWorld::simple());
  world.core->pause_queue(1, true);
  AdmitRequest request;
  request.ttl = Duration::seconds(5);
  world.accept(request);
  world.tick();
  world.advance(Duration::milliseconds(5'100));
  world.tick();
  EXPECT_EQ(world.queue().counters.expired, 1u);
  EXPECT_EQ(world.queue().waiting(), 0u);
  EXPECT_EQ(world.queue().bytes, 0u);
}

TEST(Core, retries_back_off_within_their_ceiling_and_end_as_a_dead_letter) {
  Config config = CoreWorld::simple();
  config.queues["q"].retry = {4, Duration::seconds(1), Duration::seconds(3)};
  CoreWorld world(config);
  const Sequence sequence = world.accept();
  world.run(world.now.steady + Duration::minutes(5), Duration::milliseconds(10),
            [](const Send&) { return CoreWorld::outcome(Kind::retry, 500); });
  ASSERT_EQ(world.sent.size(), 4u);
  const Duration ceilings[] = {Duration::seconds(1), Duration::seconds(2), Duration::seconds(3)};
  for (size_t i = 1; i < 4; ++i) {
    const Duration wait = world.sent[i].first - world.sent[i - 1].first - Duration::milliseconds(10);
    EXPECT_GE(wait, Duration::milliseconds(500));
    EXPECT_LE(wait, ceilings[i - 1] + Duration::milliseconds(2));
    EXPECT_EQ(world.sent[i].second.attempt, i + 1);
  }
  EXPECT_EQ(world.queue().dead, 1u);
  EXPECT_EQ(world.backlog.letters.at(sequence).reason, "attempts exhausted: http 500");
  EXPECT_EQ(world.backlog.letters.at(sequence).attempts, 4);
}

TEST(Core, unanswered_spends_an_attempt_throttled_and_sink_fault_do_not) {
  for (const auto& [kind, status, spent] :
       {std::tuple{Kind::unanswered, 0, 1}, {Kind::throttled, 429, 0}, {Kind::sink_fault, 401, 0}}) {
    CoreWorld world(CoreWorld::simple());
    const Sequence sequence = world.accept();
    const Send send = world.tick().at(0);
    world.core->settled(send.ticket, CoreWorld::outcome(kind, status), world.now);
    EXPECT_EQ(world.core->entry(sequence)->attempts, spent) << status;
  }
}

TEST(Core, a_throttle_closes_the_sink_until_retry_after) {
  CoreWorld world(CoreWorld::simple());
  const Sequence first = world.accept();
  const Send send = world.tick().at(0);
  Outcome outcome = CoreWorld::outcome(Kind::throttled, 429);
  outcome.retry_after = Duration::seconds(7);
  world.core->settled(send.ticket, outcome, world.now);
  world.accept();
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(std::string(world.core->explain(first, world.now).kind), "throttled");
  EXPECT_EQ(world.wake, world.now.steady + Duration::seconds(7));
  world.advance(Duration::seconds(7));
  const auto sends = world.tick();
  ASSERT_EQ(sends.size(), 2u);
  EXPECT_EQ(sends[0].sequence, first) << "handed back first in line";
}

TEST(Core, an_expired_token_does_not_kill_a_backlog) {
  CoreWorld world(CoreWorld::simple());
  for (int i = 0; i < 500; ++i) world.accept();
  bool fixed = false;
  const auto answer = [&](const Send&) {
    return fixed ? CoreWorld::delivered() : CoreWorld::outcome(Kind::sink_fault, 401);
  };
  world.run(world.now.steady + Duration::minutes(30), Duration::milliseconds(5), answer);
  EXPECT_EQ(world.queue().dead, 0u);
  EXPECT_EQ(world.queue().ready, 500u);
  EXPECT_LT(world.sent.size(), 64u + 70u) << "one probe at a time, ever rarer: every max_wait in the end";
  fixed = true;
  world.run(world.now.steady + Duration::minutes(2), Duration::milliseconds(5), answer);
  EXPECT_EQ(world.queue().counters.delivered, 500u);
}

TEST(Core, twenty_dead_in_a_row_open_the_breaker) {
  CoreWorld world(CoreWorld::simple());
  for (int i = 0; i < 500; ++i) world.accept();
  world.run(world.now.steady + Duration::milliseconds(500), Duration::milliseconds(5),
            [](const Send&) { return CoreWorld::outcome(Kind::dead, 400); });
  EXPECT_EQ(world.queue().dead, 64u) << "what was in flight, no more";
  EXPECT_EQ(world.core->lanes()[0]->state(world.now), LaneState::breaker);
}

TEST(Core, bounds_hold_in_messages_and_bytes) {
  Config config = CoreWorld::simple();
  config.queues["q"].max_messages = 10;
  config.queues["q"].max_bytes = 750;
  CoreWorld world(config);
  for (int i = 0; i < 7; ++i) world.accept();
  const auto by_bytes = world.admit({});
  EXPECT_EQ(std::get<Refusal>(by_bytes).why, Refusal::Why::full_bytes);
  AdmitRequest small;
  small.bytes = 1;
  for (int i = 0; i < 3; ++i) world.accept(small);
  EXPECT_EQ(std::get<Refusal>(world.admit(small)).why, Refusal::Why::full_messages);
  EXPECT_GE(std::get<Refusal>(world.admit(small)).retry_after, Duration::seconds(1));
}

TEST(Core, a_full_dead_letter_store_holds_the_sink_and_loses_nothing) {
  Config config = CoreWorld::simple();
  config.queues["q"].dead.max_messages = 3;
  config.sinks["s"].dead_storm = 0;
  CoreWorld world(config);
  for (int i = 0; i < 10; ++i) world.accept();
  for (const Send& send : world.tick()) {
    world.core->settled(send.ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
  }
  EXPECT_EQ(world.queue().dead, 3u) << "a hard bound";
  EXPECT_EQ(world.queue().retrying, 7u);
  EXPECT_TRUE(world.tick().empty());
  EXPECT_NE(world.core->lanes()[0]->reason(world.now).find("queue q is full"), std::string::npos);
  const Sequence next = world.accept();
  for (const uint64_t left : {4u, 1u}) {
    EXPECT_EQ(world.core->purge_dead(1, 100, world.now), 3u);
    EXPECT_TRUE(world.tick().empty());
    EXPECT_EQ(world.queue().retrying, left) << "three more are letters";
  }
  EXPECT_EQ(world.core->purge_dead(1, 100, world.now), 3u);
  const auto sends = world.tick();
  ASSERT_EQ(sends.size(), 1u) << "room again: the sink goes on by itself";
  EXPECT_EQ(sends[0].sequence, next);
}

TEST(Core, drop_oldest_makes_room_among_dead_letters) {
  Config config = CoreWorld::simple();
  config.queues["q"].dead.max_messages = 3;
  config.queues["q"].dead.on_full = DeadConfig::OnFull::drop_oldest;
  config.sinks["s"].dead_storm = 0;
  CoreWorld world(config);
  for (int i = 0; i < 10; ++i) world.accept();
  for (const Send& send : world.tick()) {
    world.core->settled(send.ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
  }
  EXPECT_EQ(world.queue().dead, 3u);
  EXPECT_EQ(world.queue().counters.dead_dropped, 7u);
  EXPECT_TRUE(world.backlog.letters.contains(10));
}

TEST(Core, replayed_letters_start_over_and_give_way_to_live_messages) {
  CoreWorld world(CoreWorld::simple());
  const Sequence letter = world.accept();
  world.core->settled(world.tick().at(0).ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
  EXPECT_EQ(world.core->replay_dead(1, 100, world.now), 1u);
  const Sequence live = world.accept();
  const auto sends = world.tick();
  ASSERT_EQ(sends.size(), 2u);
  EXPECT_EQ(sends[0].sequence, live);
  EXPECT_EQ(sends[1].sequence, letter);
  EXPECT_EQ(sends[1].attempt, 1);
}

TEST(Core, cancel_takes_what_waits_and_refuses_what_is_in_flight) {
  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 1;
  CoreWorld world(config);
  const Sequence first = world.accept(), second = world.accept();
  const Send send = world.tick().at(0);
  EXPECT_FALSE(world.core->cancel(first, world.now));
  EXPECT_TRUE(world.core->cancel(second, world.now));
  world.core->settled(send.ticket, CoreWorld::delivered(), world.now);
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(world.queue().counters.cancelled, 1u);
}

TEST(Core, pauses_hold_queue_and_sink) {
  CoreWorld world(CoreWorld::simple());
  const Sequence sequence = world.accept();
  world.core->pause_sink(0, true, "paused by an operator");
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(std::string(world.core->explain(sequence, world.now).kind), "paused");
  EXPECT_EQ(world.core->drain_seconds(world.queue(), world.now), INFINITY);
  world.core->pause_sink(0, false, "");
  world.core->pause_queue(1, true);
  EXPECT_TRUE(world.tick().empty());
  world.core->pause_queue(1, false);
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(Core, a_message_that_kills_the_relay_ends_as_a_dead_letter) {
  Config config = CoreWorld::simple();
  config.queues["q"].retry.max_attempts = 3;
  CoreWorld world(config);
  RecoveredMessage poison;
  poison.facts.sequence = 5;
  poison.facts.queue = 1;
  poison.facts.bytes = 100;
  poison.facts.accepted_ms = world.now.wall.ms();
  poison.attempts = 3;
  poison.crashed_in_flight = true;
  world.restart({poison});
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(world.queue().dead, 1u);
  EXPECT_NE(world.backlog.letters.at(5).reason.find("stopped during the last attempt"), std::string::npos);
}

TEST(Core, what_outlived_the_process_is_taken_back_alike_however_it_is_told) {
  Config config = CoreWorld::simple();
  config.queues["r"] = config.queues["q"];
  CoreWorld at_once(config), one_by_one(config);
  std::mt19937_64 random(5);
  std::vector<RecoveredMessage> messages;
  for (Sequence sequence = 1; messages.size() < 3'000; sequence += random() % 20 == 0 ? 7 : 1) {
    RecoveredMessage message;
    message.facts.sequence = sequence;
    message.facts.queue = static_cast<QueueId>(1 + sequence / 50 % 3);  // the third is in no config
    message.facts.bytes = static_cast<uint32_t>(100 + random() % 9);
    message.facts.accepted_ms = at_once.now.wall.ms();
    if (random() % 40 == 0) message.facts.due_ms = message.facts.accepted_ms + 1'000;
    if (random() % 40 == 0) message.facts.expires_ms = message.facts.accepted_ms + 5'000;
    if (random() % 40 == 0) message.attempts = 1;
    if (random() % 40 == 0) message.dead = true;
    messages.push_back(message);
  }
  at_once.restart(messages);
  one_by_one.restart({});
  for (const RecoveredMessage& message : messages) one_by_one.core->recover({&message, 1});
  one_by_one.core->recovered(one_by_one.now);
  ASSERT_EQ(at_once.core->queues().size(), 3u);
  for (QueueId id = 1; id <= 3; ++id) {
    const Queue &a = *at_once.core->queue(id), &b = *one_by_one.core->queue(id);
    EXPECT_EQ(std::tuple(a.ready, a.delayed, a.retrying, a.dead, a.bytes, a.dead_bytes),
              std::tuple(b.ready, b.delayed, b.retrying, b.dead, b.bytes, b.dead_bytes));
    EXPECT_EQ(a.waiting() + a.dead, static_cast<uint64_t>(std::ranges::count_if(
                                        messages, [&](const auto& m) { return m.facts.queue == id; })));
  }
  for (int turn = 0; turn < 4; ++turn) {
    const std::vector<Send> sends = at_once.tick(), same = one_by_one.tick();
    ASSERT_EQ(sends.size(), same.size());
    ASSERT_TRUE(turn > 0 || !sends.empty());
    for (size_t i = 0; i < sends.size(); ++i) EXPECT_EQ(sends[i].sequence, same[i].sequence);
  }
}

TEST(Core, estimates_and_positions_tell_when) {
  Config config = CoreWorld::simple();
  config.sinks["s"].limits.push_back({LimitConfig::Kind::window, "100/1s", 100, Duration::seconds(1)});
  CoreWorld world(config);
  std::vector<Reservation> reservations;
  for (int i = 0; i < 1'000; ++i) {
    const auto result = world.admit({});
    reservations.push_back(std::get<Reservation>(result));
    const MessageFacts facts = reservations.back().facts;
    world.core->durable(std::span(&facts, 1), world.now);
    EXPECT_EQ(reservations.back().position, static_cast<uint64_t>(i));
  }
  const WallTime start = world.now.wall;
  const Instant steady_start = world.now.steady;
  world.run(steady_start + Duration::minutes(1), Duration::milliseconds(1),
            [](const Send&) { return CoreWorld::delivered(); });
  ASSERT_EQ(world.sent.size(), 1'000u);
  for (size_t i = 100; i < 1'000; ++i) {
    const double told = (reservations[i].estimated - start).as_seconds();
    const double was = (world.sent[i].first - steady_start).as_seconds();
    EXPECT_NEAR(told, was, 0.02 * was + 0.1) << i;
  }
}

}  // namespace
}  // namespace forebay
