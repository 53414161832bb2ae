// What lapses while nobody looks: at the right time, a part a tick, and without a trace of what left before.
#include <gtest/gtest.h>
#include <malloc.h>

#include <random>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

size_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

AdmitRequest lasting(Duration ttl) {
  AdmitRequest request;
  request.ttl = ttl;
  return request;
}

TEST(CoreExpiry, delivered_messages_cost_no_memory_until_their_ttl) {
  Config config = CoreWorld::simple();
  config.queues["q"].ttl = Duration::hours(24);
  config.status_memory = 0;
  CoreWorld world(config);
  const auto deliver = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const auto facts = std::get<Reservation>(world.admit({})).facts;
      world.core->durable(std::span(&facts, 1), world.now);
      for (const Send& send : world.tick()) world.core->settled(send.ticket, CoreWorld::delivered(), world.now);
      world.backlog.changes.clear();
      world.advance(Duration::milliseconds(1));
    }
  };
  deliver(1'000);
  const size_t before = heap_bytes();
  constexpr int count = 100'000;
  deliver(count);
  ASSERT_EQ(world.queue().waiting(), 0u);
  const size_t after = heap_bytes();
  EXPECT_LT(after, before + count / 4) << "a quarter of a byte a delivered message";
}

// Ticks until all is given up; what one tick gave up at most.
uint64_t most_in_one_tick(CoreWorld& world, uint64_t all) {
  uint64_t most = 0, before = world.queue().counters.expired;
  for (uint64_t ticks = 0; world.queue().counters.expired < all && ticks < all; ++ticks) {
    EXPECT_TRUE(world.tick().empty()) << "a lapsed message was sent";
    most = std::max(most, world.queue().counters.expired - before);
    before = world.queue().counters.expired;
    EXPECT_TRUE(before == all || world.wake <= world.now.steady) << "there is more to do";
  }
  EXPECT_EQ(before, all);
  return most;
}

TEST(CoreExpiry, ttls_that_lapse_together_are_given_up_a_part_a_tick) {
  CoreWorld world(CoreWorld::simple());
  world.core->pause_sink(0, true, "test");
  constexpr uint64_t all = 20'000;
  for (uint64_t i = 0; i < all; ++i) world.accept(lasting(Duration::seconds(1)));
  world.tick();
  world.advance(Duration::seconds(2));
  EXPECT_LE(most_in_one_tick(world, all), 2 * Core::expired_per_tick);
  EXPECT_EQ(world.queue().waiting(), 0u);
}

// They lapse between two steps of looking for them, and stand first in line when the sink opens.
TEST(CoreExpiry, lapsed_messages_at_the_front_of_a_line_are_given_up_a_part_a_tick) {
  CoreWorld world(CoreWorld::simple());
  world.core->pause_sink(0, true, "test");
  constexpr uint64_t all = 20'000;
  for (uint64_t i = 0; i < all; ++i) world.accept(lasting(Duration::milliseconds(10)));
  world.tick();
  world.advance(Duration::milliseconds(20));
  world.core->pause_sink(0, false, "");
  EXPECT_LE(most_in_one_tick(world, all), 2 * Core::expired_per_tick);
}

TEST(CoreExpiry, each_message_lapses_in_its_time_whatever_its_neighbours_do) {
  constexpr uint64_t seed = 20'240'607;
  std::mt19937_64 random(seed);
  CoreWorld world(CoreWorld::simple());
  world.core->pause_sink(0, true, "test");
  std::map<Sequence, Instant> lapses;
  for (int step = 0; step < 3'000; ++step) {
    const auto ttl = Duration::milliseconds(static_cast<int64_t>(1 + random() % (random() % 2 == 0 ? 300 : 60'000)));
    const Sequence sequence = world.accept(lasting(ttl));
    lapses[sequence] = world.now.steady + ttl;
    if (random() % 3 == 0) {
      const auto other = lapses.lower_bound(1 + random() % sequence);
      if (world.core->is_waiting(other->first)) world.core->cancel(other->first, world.now);
      lapses.erase(other);
    }
    world.advance(Duration::milliseconds(static_cast<int64_t>(random() % 50)));
    world.tick();
    for (auto at = lapses.begin(); at != lapses.end();) {
      const bool waits = world.core->is_waiting(at->first);
      const bool late = world.now.steady > at->second + Duration::milliseconds(101);
      ASSERT_FALSE(waits && late) << at->first << ", seed " << seed;
      ASSERT_TRUE(waits || world.now.steady >= at->second) << at->first << ", seed " << seed;
      at = waits ? std::next(at) : lapses.erase(at);
    }
  }
}

TEST(CoreExpiry, dead_letters_lapse_a_part_a_tick_and_those_replayed_do_not) {
  Config config = CoreWorld::simple();
  config.sinks["s"].dead_storm = 0;
  config.sinks["s"].concurrency = 10'000;
  config.queues["q"].dead.ttl = Duration::hours(1);
  CoreWorld world(config);
  for (int i = 0; i < 5'000; ++i) world.accept();
  for (std::vector<Send> sends = world.tick(); !sends.empty(); sends = world.tick()) {
    for (const Send& send : sends) {
      world.core->settled(send.ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
    }
  }
  ASSERT_EQ(world.queue().dead, 5'000u);
  world.core->pause_sink(0, true, "test");
  ASSERT_TRUE(world.core->replay_dead_letter(1, world.now));
  world.advance(Duration::minutes(59));
  world.tick();
  EXPECT_EQ(world.queue().dead, 4'999u);
  world.advance(Duration::minutes(2));
  world.tick();
  EXPECT_EQ(world.queue().dead, 4'999u - Core::expired_per_tick);
  EXPECT_LE(world.wake, world.now.steady);
  for (int i = 0; i < 5; ++i) world.tick();
  EXPECT_EQ(world.queue().dead, 0u);
  EXPECT_EQ(world.queue().counters.dead_expired, 4'999u);
  EXPECT_TRUE(world.core->is_waiting(1));
}

}  // namespace
}  // namespace forebay
