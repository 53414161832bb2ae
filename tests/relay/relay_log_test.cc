// What the log says of sinks and of the disk: a line when something closes and one when it opens, never one a message.
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/relay/desk_world.h"
#include "tests/relay/logged_lines.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Lines = std::vector<std::string>;

struct LogWorld : DeskWorld {
  explicit LogWorld(Config config = CoreWorld::simple()) : DeskWorld(std::move(config)) { hold_all(); }
  // So many messages, sent in one turn, each with that outcome; the lines of that turn and the next.
  Lines send(int count, const Outcome& outcome) {
    for (int i = 0; i < count; ++i) accept();
    turn();
    while (answered < sink.deliveries.size()) answer_next(outcome), ++answered;
    turn();
    return log.take();
  }
  size_t answered = 0;
  LoggedLines log;
};

Outcome closing(Kind kind, int status) {
  Outcome outcome = CoreWorld::outcome(kind, status);
  outcome.retry_after = Duration::seconds(1);
  return outcome;
}

TEST(RelayLog, a_throttle_is_told_when_it_begins_and_when_a_message_gets_through_again) {
  LogWorld world;
  EXPECT_EQ(world.send(5, closing(Kind::throttled, 429)), Lines{"sink s is throttled: http 429"});
  for (int again = 0; again < 3; ++again) {
    world.advance(Duration::seconds(2));
    EXPECT_EQ(world.send(1, closing(Kind::throttled, 429)), Lines{}) << "it lives at its limit";
  }
  world.advance(Duration::seconds(2));
  EXPECT_EQ(world.send(1, CoreWorld::delivered()), Lines{"sink s is open again"});
  EXPECT_EQ(world.send(5, CoreWorld::delivered()), Lines{});
}

TEST(RelayLog, a_breaker_is_told_when_it_opens_and_when_it_closes) {
  LogWorld world;
  EXPECT_EQ(world.send(5, closing(Kind::sink_fault, 401)),
            Lines{"sink s is closed, its breaker is open: sink_fault: http 401"});
  world.advance(Duration::seconds(2));
  EXPECT_EQ(world.send(0, closing(Kind::sink_fault, 401)), Lines{}) << "a probe that fails";
  world.advance(Duration::minutes(1));
  EXPECT_EQ(world.send(0, CoreWorld::delivered()), Lines{"sink s is open again"});
}

TEST(RelayLog, a_dead_storm_is_one_line) {
  Config config = CoreWorld::simple();
  config.sinks["s"].dead_storm = 3;
  LogWorld world(config);
  EXPECT_EQ(world.send(5, CoreWorld::outcome(Kind::dead, 400)),
            Lines{"sink s is closed, its breaker is open: dead_storm: http 400"});
}

TEST(RelayLog, a_hold_for_the_dead_letter_store_is_one_line_at_either_end) {
  Config config = two_queues();
  config.queues["q"].dead.max_messages = 1;
  LogWorld world(config);
  EXPECT_EQ(world.send(3, CoreWorld::outcome(Kind::dead, 400)),
            Lines{"sink s is paused: the dead-letter store of queue q is full: replay or purge it"});
  for (int i = 0; i < 3; ++i) {
    world.relay->core().purge_dead(1, 1, world.clock.at);
    world.turn();
  }
  EXPECT_EQ(world.log.take(), Lines{"sink s is open again"});
}

TEST(RelayLog, a_pause_by_answer_is_one_line_and_outlives_the_process) {
  LogWorld world;
  Outcome gone = CoreWorld::outcome(Kind::dead, 410);
  gone.pause_sink = true;
  const std::string why = "the sink answered http 410, which pauses it (pause_on)";
  EXPECT_EQ(world.send(3, gone), Lines{"sink s is paused: " + why});
  world.restart({});
  EXPECT_EQ(world.relay->admin().sink_status("s")->state, "paused");
  EXPECT_EQ(world.relay->admin().sink_status("s")->reason, why);
  ASSERT_FALSE(world.relay->admin().set_sink_paused("s", false, 1, world));
  world.commit();
  world.restart({});
  EXPECT_EQ(world.relay->admin().sink_status("s")->state, "open");
}

// The next process is no less a nuisance to the sink than this one.
TEST(RelayLog, a_throttle_that_names_its_end_outlives_the_process) {
  LogWorld world;
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.retry_after = Duration::seconds(30);
  world.send(1, throttled);
  world.advance(Duration::seconds(10));
  world.restart({});
  world.accept();
  world.turn();
  EXPECT_EQ(world.relay->admin().sink_status("s")->state, "throttled");
  EXPECT_EQ(world.relay->admin().sink_status("s")->reason, "http 429");
  const size_t sent = world.sink.deliveries.size();
  world.advance(Duration::seconds(19));
  world.turn();
  EXPECT_EQ(world.sink.deliveries.size(), sent);
  world.advance(Duration::seconds(2));
  world.turn();
  EXPECT_GT(world.sink.deliveries.size(), sent);
}

TEST(RelayLog, a_pause_hides_why_a_sink_is_closed_and_does_not_forget_it) {
  LogWorld world;
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.retry_after = Duration::seconds(30);
  EXPECT_EQ(world.send(1, throttled), Lines{"sink s is throttled: http 429"});
  world.relay->core().pause_sink(0, true, "paused by an operator");
  world.turn();
  EXPECT_EQ(world.log.take(), Lines{"sink s is paused: paused by an operator"});
  world.relay->core().pause_sink(0, false, "");
  world.turn();
  EXPECT_EQ(world.log.take(), Lines{"sink s is throttled: http 429"});
}

TEST(RelayLog, a_full_disk_is_one_line_at_either_end) {
  LogWorld world;
  world.backlog.shown.refusing = true;
  world.backlog.shown.refusing_why = "No space left on device (/data)";
  for (int i = 0; i < 3; ++i) {
    world.publish({DeskWorld::message()});
    world.commit(ENOSPC);
  }
  EXPECT_EQ(world.log.take(), Lines{"the disk takes no messages: No space left on device (/data); they are refused "
                                    "with 507, draining goes on"});
  world.backlog.shown = {};
  world.accept();
  EXPECT_EQ(world.log.take(), Lines{"the disk takes messages again"});
}

// What the journal refuses before it is written.
TEST(RelayLog, max_bytes_is_one_line_at_either_end_and_makes_not_ready) {
  Config config = CoreWorld::simple();
  config.max_bytes = 1'000'000'000;
  config.journal.segment_bytes = 1'000'000;
  LimitConfig limit;
  limit.name = "10/1s";
  limit.count = 10;
  limit.per = Duration::seconds(1);
  config.sinks["s"].limits = {limit};
  LogWorld world(config);
  const std::string body(10'000, 'x');
  for (int i = 0; i < 100; ++i) world.accept(DeskWorld::message(body));
  world.backlog.refuse = ENOSPC;
  for (int i = 0; i < 3; ++i) {
    const Problem problem = std::get<Problem>(world.publish({DeskWorld::message()}));
    EXPECT_EQ(problem.status, 507);
    EXPECT_NE(problem.detail.find("holds its max_bytes of 1000000000 bytes"), std::string::npos) << problem.detail;
    ASSERT_TRUE(problem.retry_after);
    EXPECT_NEAR(problem.retry_after->as_seconds(), 10, 0.5) << "a segment of 1 MB at 10 messages of 10 kB a second";
  }
  const RelayStatus full = world.relay->admin().status();
  EXPECT_FALSE(full.ready);
  EXPECT_EQ(full.not_ready_because, Lines{"the journal holds its max_bytes of 1000000000 bytes"});
  world.backlog.refuse = 0;
  EXPECT_TRUE(world.relay->admin().status().ready) << "also when nobody publishes";
  EXPECT_EQ(world.log.take(),
            (Lines{"the journal holds its max_bytes of 1000000000: messages are refused with 507, draining goes on",
                   "the journal has room for messages again"}));
}

}  // namespace
}  // namespace forebay
