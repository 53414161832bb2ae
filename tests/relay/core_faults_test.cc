// Faults that the core once had, each with the test that would have caught it.
#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

size_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Config with_queue(const std::function<void(QueueConfig&)>& change) {
  Config config = CoreWorld::simple();
  change(config.queues["q"]);
  return config;
}

Outcome dead() {
  return CoreWorld::outcome(Kind::dead, 400);
}

// While a sink is closed, every turn that accepts something pushes one more wake-up for the same moment.
TEST(CoreFaults, a_closed_sink_costs_no_memory_per_turn) {
  Config config = CoreWorld::simple();
  config.status_memory = 0;
  CoreWorld bare(config);
  bare.accept();
  const auto sends = bare.tick();
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.retry_after = Duration::hours(1);
  bare.core->settled(sends[0].ticket, throttled, bare.now);
  const auto turn = [&] {
    const auto facts = std::get<Reservation>(bare.admit({})).facts;
    bare.core->durable(std::span(&facts, 1), bare.now);
    bare.tick();
    bare.core->cancel(facts.sequence, bare.now);
    bare.backlog.changes.clear();
  };
  constexpr int turns = 200'000;
  for (int i = 0; i < 1000; ++i) turn();
  const size_t start = heap_bytes();
  for (int i = 0; i < turns; ++i) turn();
  EXPECT_LT(heap_bytes() - start, 256u << 10) << "bytes after " << turns << " turns with nothing waiting more";
}

// One message larger than dead.max_bytes (1 KiB is allowed) must not close the sink for ever.
TEST(CoreFaults, a_message_larger_than_the_dead_letter_store_does_not_hold_the_sink_for_ever) {
  CoreWorld world(with_queue([](QueueConfig& queue) { queue.dead.max_bytes = 1024; }));
  AdmitRequest big;
  big.bytes = 2000;
  world.accept(big);
  const auto sends = world.tick();
  world.core->settled(sends[0].ticket, dead(), world.now);
  world.accept();
  EXPECT_EQ(world.queue().dead, 1u) << "an empty store takes any one letter";
  const auto next = world.tick();
  EXPECT_FALSE(next.empty()) << "held, and nothing anybody purges or replays can end it";
}

// The ttl is checked while waiting, also of a message whose ttl lapsed during an attempt.
TEST(CoreFaults, a_ttl_that_lapsed_in_flight_is_noticed_while_the_message_waits_for_its_retry) {
  CoreWorld world(with_queue([](QueueConfig& queue) {
    queue.retry.min_backoff = Duration::minutes(10);
    queue.retry.max_backoff = Duration::minutes(10);
  }));
  AdmitRequest request;
  request.ttl = Duration::seconds(1);
  world.accept(request);
  const auto sends = world.tick();
  world.advance(Duration::seconds(2));
  world.tick();
  world.core->settled(sends[0].ticket, CoreWorld::outcome(Kind::retry, 500), world.now);
  world.advance(Duration::seconds(1));
  world.tick();
  EXPECT_EQ(world.queue().counters.expired, 1u);
  EXPECT_EQ(world.queue().waiting(), 0u) << "it counts for max_messages until its retry is due";
}

TEST(CoreFaults, a_ttl_that_lapsed_in_flight_is_noticed_while_the_sink_is_closed) {
  CoreWorld world(CoreWorld::simple());
  AdmitRequest request;
  request.ttl = Duration::seconds(1);
  world.accept(request);
  const auto sends = world.tick();
  world.advance(Duration::seconds(2));
  world.tick();
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.retry_after = Duration::hours(1);
  world.core->settled(sends[0].ticket, throttled, world.now);
  for (int i = 0; i < 60; ++i) world.advance(Duration::seconds(1)), world.tick();
  EXPECT_EQ(world.queue().counters.expired, 1u);
}

// Two queues share a sink turn by turn: the ETA of one must reckon with the other.
TEST(CoreFaults, the_estimate_reckons_with_the_other_queues_of_the_sink) {
  Config config = CoreWorld::simple();
  LimitConfig limit;
  limit.count = 10;
  limit.per = Duration::seconds(1);
  config.sinks["s"].limits = {limit};
  QueueConfig other = config.queues["q"];
  other.name = "r";
  config.queues["r"] = other;
  CoreWorld world(config);
  for (int i = 0; i < 100; ++i) {
    for (const QueueId queue : {QueueId{1}, QueueId{2}}) {
      AdmitRequest request;
      request.queue = queue;
      world.accept(request);
    }
  }
  AdmitRequest last;
  const auto reservation = std::get<Reservation>(world.admit(last));
  world.backlog.append(std::span(&reservation.facts, 1), "", "body");
  world.core->durable(std::span(&reservation.facts, 1), world.now);
  world.run(world.now.steady + Duration::minutes(2), Duration::milliseconds(1),
            [](const Send&) { return CoreWorld::delivered(); });
  Instant sent;
  for (const auto& [at, send] : world.sent) {
    if (send.sequence == reservation.facts.sequence) sent = at;
  }
  const double promised = (reservation.estimated - WallTime{1'700'000'000'000'000'000}).as_seconds();
  const double real = (sent - Instant{1'000'000'000'000}).as_seconds();
  EXPECT_NEAR(promised, real, 0.1 * real);
}

// Retry-After: 0 asks for no wait; without a floor the sink is hammered and no attempt is ever spent.
TEST(CoreFaults, a_retry_after_of_zero_does_not_make_a_hot_loop) {
  CoreWorld world(CoreWorld::simple());
  world.accept();
  world.run(world.now.steady + Duration::seconds(1), Duration::milliseconds(1), [](const Send&) {
    Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
    throttled.retry_after = Duration{};
    return throttled;
  });
  EXPECT_LT(world.sent.size(), 20u) << "requests in one second for one message";
}

// A letter replayed by its id and dead again stands once in the list, and is not the oldest any more.
TEST(CoreFaults, drop_oldest_drops_the_oldest_after_a_replay) {
  CoreWorld world(with_queue([](QueueConfig& queue) {
    queue.dead.max_messages = 2;
    queue.dead.on_full = DeadConfig::OnFull::drop_oldest;
  }));
  const auto die = [&] {
    for (const Send& send : world.tick()) world.core->settled(send.ticket, dead(), world.now);
    world.advance(Duration::seconds(1));
  };
  const Sequence a = world.accept();
  die();
  const Sequence b = world.accept();
  die();
  ASSERT_TRUE(world.core->replay_dead_letter(a, world.now));
  die();  // a is the younger letter now
  world.accept();
  die();
  EXPECT_TRUE(world.core->is_waiting(a)) << "died last but one, and was dropped";
  EXPECT_FALSE(world.core->is_waiting(b)) << "died first, and was kept";
}

// The wall clock jumps ahead and is set right again: what is accepted afterwards follows it as before.
TEST(CoreFaults, a_wall_clock_that_jumped_and_came_back_strands_no_message) {
  CoreWorld world(CoreWorld::simple());
  world.accept();
  ASSERT_EQ(world.tick().size(), 1u);
  world.step_wall(Duration::hours(1));
  world.tick();
  world.step_wall(Duration{} - Duration::hours(1));
  world.tick();
  AdmitRequest request;
  request.not_before = world.now.wall + Duration::minutes(10);
  world.accept(request);
  size_t sent = 0;
  for (int i = 0; i < 20 * 60; ++i) {
    world.advance(Duration::seconds(1));
    sent += world.tick().size();
  }
  EXPECT_EQ(sent, 1u) << "not_before passed ten minutes ago, state delayed for ever";
}

}  // namespace
}  // namespace forebay
