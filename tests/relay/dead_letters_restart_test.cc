// Dead letters that were replayed, and the restart that comes before they are sent.
#include "tests/relay/journal_relay.h"

namespace forebay {
namespace {

Outcome refused() {
  Outcome outcome;
  outcome.kind = Outcome::Kind::dead;
  outcome.answered = true;
  outcome.status = 400;
  outcome.reason = "http 400";
  return outcome;
}

// One message with a ttl of 10 s, dead, a minute old and replayed; the sink is paused.
void replay_one(JournalRelay& world) {
  ASSERT_FALSE(world.publish({"a"}, Duration::seconds(10)).has_value());
  world.turn();
  world.relay->core().pause_sink(0, false, "");
  world.turn();
  ASSERT_EQ(world.sink.tickets.size(), 1u);
  world.relay->dispatcher().on_outcome(world.sink.tickets[0], refused());
  world.relay->core().pause_sink(0, true, "test");
  world.rig.clock.time = world.rig.clock.time + Duration::minutes(1);
  world.turn();
  ASSERT_EQ(world.queue().dead, 1u);
  ASSERT_EQ(world.relay->core().replay_dead(world.queue().id, 10, world.now()), 1u);
  world.turn();
}

void expect_replayed(JournalRelay& world) {
  const Queue& queue = world.queue();
  EXPECT_EQ(queue.ready, 1u);
  EXPECT_EQ(queue.delayed + queue.retrying + queue.dead, 0u);
  EXPECT_EQ(queue.classes.front().replayed.size(), 1u) << "behind live messages, as before";
  world.turn();
  EXPECT_EQ(queue.counters.expired, 0u) << "its ttl ended with its first life";
  EXPECT_EQ(queue.ready, 1u);
}

TEST(DeadLettersRestart, a_replayed_letter_comes_back_to_its_line_and_without_its_ttl) {
  MemoryFiles files;
  JournalRelay first(files, JournalRelay::one_queue());
  replay_one(first);
  MemoryFiles after_kill_9 = files.copy();
  JournalRelay second(after_kill_9, JournalRelay::one_queue());
  second.rig.clock.time = first.rig.clock.time;
  expect_replayed(second);
}

TEST(DeadLettersRestart, so_it_does_from_a_checkpoint) {
  MemoryFiles files;
  JournalRelay first(files, JournalRelay::one_queue());
  replay_one(first);
  first.rig.journal->close();
  first.rig.run_all();
  MemoryFiles stopped = files.copy();
  JournalRelay second(stopped, JournalRelay::one_queue());
  expect_replayed(second);
}

TEST(DeadLettersRestart, a_retry_does_not_bring_the_ttl_back) {
  MemoryFiles files;
  JournalRelay first(files, JournalRelay::one_queue());
  replay_one(first);
  first.relay->core().pause_sink(0, false, "");
  first.turn();
  ASSERT_EQ(first.sink.tickets.size(), 2u);
  Outcome again;
  again.kind = Outcome::Kind::retry;
  again.reason = "timeout";
  first.relay->dispatcher().on_outcome(first.sink.tickets[1], again);
  first.turn();
  MemoryFiles after_kill_9 = files.copy();
  JournalRelay second(after_kill_9, JournalRelay::one_queue());
  ASSERT_EQ(second.queue().retrying, 1u);
  second.rig.clock.time = second.rig.clock.time + Duration::hours(1);
  second.turn();
  second.turn();
  EXPECT_EQ(second.queue().counters.expired, 0u);
  EXPECT_EQ(second.queue().ready, 1u);
}

// It died of an attempt that a crash interrupted, and Forebay goes again before the replay was sent.
TEST(DeadLettersRestart, a_letter_that_died_of_a_crash_has_fresh_attempts_when_replayed) {
  Config config = JournalRelay::one_queue();
  config.queues["q"].retry.max_attempts = 1;
  MemoryFiles files;
  JournalRelay first(files, config);
  ASSERT_FALSE(first.publish({"a"}).has_value());
  first.turn();
  first.relay->core().pause_sink(0, false, "");
  first.turn();  // its attempt is under way

  MemoryFiles crashed = files.copy();
  JournalRelay second(crashed, config);
  second.turn();
  ASSERT_EQ(second.queue().dead, 1u);
  ASSERT_EQ(second.relay->core().replay_dead(second.queue().id, 10, second.now()), 1u);
  second.turn();

  MemoryFiles again = crashed.copy();
  JournalRelay third(again, config);
  EXPECT_EQ(third.queue().dead, 0u) << "dead again without having been tried";
  EXPECT_EQ(third.queue().ready, 1u);
}

}  // namespace
}  // namespace forebay
