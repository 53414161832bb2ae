#include <gtest/gtest.h>

#include <cerrno>

#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

std::vector<std::string> bodies(const DeskWorld& world) {
  std::vector<std::string> all;
  for (const Delivery& delivery : world.sink.deliveries) all.emplace_back(delivery.body);
  return all;
}

using Bodies = std::vector<std::string>;

// The answer to the fetch of that place in the line.
void answer_fetch(DeskWorld& world, size_t at, int error = 0) {
  auto [sequence, done] = std::move(world.backlog.fetches.at(at));
  done(error, error == 0 ? world.backlog.stored(sequence) : StoredMessage{});
}

TEST(Dispatcher, what_is_in_memory_reaches_the_sink_in_the_same_turn) {
  DeskWorld world;
  world.hold_all();
  world.accept();
  world.relay->hand_over();
  world.relay->turn();
  EXPECT_EQ(world.sink.deliveries.size(), 1u);
  EXPECT_TRUE(world.backlog.fetches.empty());
  EXPECT_EQ(world.relay->in_flight(), 1u);
}

TEST(Dispatcher, each_attempt_is_written_down_before_the_sink_is_called) {
  DeskWorld world;
  class Asking : public Sink {
   public:
    explicit Asking(FakeBacklog& backlog) : backlog_(backlog) {}
    void deliver(Delivery delivery) override { seen += backlog_.begun.at(1) == static_cast<int>(delivery.attempt); }
    void reconfigure(const SinkConfig&) override {}
    void shut_down() override {}
    int seen = 0;

   private:
    FakeBacklog& backlog_;
  } asking(world.backlog);
  world.relay->dispatcher().set_sinks({&asking});
  world.hold_all();
  world.accept();
  world.turn();
  EXPECT_EQ(asking.seen, 1);
}

TEST(Dispatcher, what_is_in_memory_does_not_overtake_what_is_read) {
  DeskWorld world;
  for (const char* body : {"a", "b", "c", "d"}) world.accept(DeskWorld::message(body));
  world.backlog.in_memory = {2, 4};
  world.turn();
  ASSERT_EQ(world.backlog.fetches.size(), 2u);
  EXPECT_EQ(bodies(world), Bodies{});
  answer_fetch(world, 1);  // c
  EXPECT_EQ(bodies(world), Bodies{});
  answer_fetch(world, 0);
  EXPECT_EQ(bodies(world), (Bodies{"a", "b", "c", "d"}));
}

TEST(Dispatcher, sends_of_a_later_turn_stand_behind_those_that_are_read) {
  DeskWorld world;
  world.accept(DeskWorld::message("a"));
  world.turn();
  world.hold_all();
  world.accept(DeskWorld::message("b"));
  world.turn();
  EXPECT_EQ(bodies(world), Bodies{});
  answer_fetch(world, 0);
  EXPECT_EQ(bodies(world), (Bodies{"a", "b"}));
  world.accept(DeskWorld::message("c"));
  world.turn();
  EXPECT_EQ(bodies(world), (Bodies{"a", "b", "c"})) << "nobody is in line any more";
}

TEST(Dispatcher, a_sink_does_not_wait_for_what_another_reads) {
  Config config = CoreWorld::simple();
  config.sinks["t"] = config.sinks["s"];
  config.sinks["t"].name = "t";
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  config.queues["r"].sink = "t";
  DeskWorld world(config);
  world.accept(DeskWorld::message("a", "q"));
  world.accept(DeskWorld::message("b", "r"));
  world.backlog.in_memory = {2};
  world.turn();
  EXPECT_EQ(bodies(world), Bodies{"b"});
}

TEST(Dispatcher, an_unreadable_message_dies_and_those_behind_it_go) {
  DeskWorld world;
  const std::string id = world.accept(DeskWorld::message("a"));
  world.accept(DeskWorld::message("b"));
  world.backlog.in_memory = {2};
  world.turn();
  answer_fetch(world, 0, EBADMSG);
  EXPECT_EQ(bodies(world), Bodies{"b"});
  EXPECT_EQ(world.status(id).state, "dead");
  EXPECT_EQ(world.queue().counters.dead_damaged, 1u);
  EXPECT_EQ(world.relay->in_flight(), 1u);
}

// A disk or a process in trouble: EIO once, no descriptors, no memory.
TEST(Dispatcher, a_message_that_cannot_be_read_for_now_is_tried_again_and_spends_no_attempt) {
  for (const int error : {EIO, EMFILE, ENOMEM, EAGAIN, EINTR}) {
    SCOPED_TRACE(error);
    DeskWorld world;
    const std::string id = world.accept(DeskWorld::message("a"));
    world.turn();
    for (size_t again = 0; again < 20; ++again) {
      answer_fetch(world, again, error);
      EXPECT_EQ(world.status(id).state, "retrying");
      EXPECT_EQ(world.status(id).attempts, 0u);
      world.advance(Duration::seconds(2));
      world.turn();
    }
    answer_fetch(world, 20);
    EXPECT_EQ(bodies(world), Bodies{"a"});
    EXPECT_EQ(world.sink.deliveries.back().attempt, 1u);
  }
}

TEST(Dispatcher, broken_meta_is_an_unreadable_message) {
  DeskWorld world;
  const std::string id = world.accept();
  world.backlog.bodies[1].first = "\x01\x7f";  // a length that runs past the end
  world.hold_all();
  world.turn();
  ASSERT_EQ(world.backlog.fetches.size(), 1u);
  answer_fetch(world, 0);
  EXPECT_EQ(world.status(id).state, "dead");
  EXPECT_TRUE(world.sink.deliveries.empty());
}

TEST(Dispatcher, a_delivery_carries_what_the_producer_gave) {
  DeskWorld world;
  world.hold_all();
  const std::pair<std::string_view, std::string_view> forward[] = {{"X-Tenant", "a"}};
  NewMessage message = DeskWorld::message("body");
  message.content_type = "text/plain";
  message.idempotency_key = "once";
  message.forward = forward;
  const std::string first = world.accept(message);
  const std::string second = world.accept();
  world.turn();
  ASSERT_EQ(world.sink.deliveries.size(), 2u);
  const Delivery& full = world.sink.deliveries[0];
  EXPECT_EQ(full.message_id, first);
  EXPECT_EQ(full.queue, "q");
  EXPECT_EQ(full.attempt, 1u);
  EXPECT_EQ(full.content_type, "text/plain");
  EXPECT_EQ(full.idempotency_key, "once");
  ASSERT_EQ(full.headers.size(), 1u);
  EXPECT_EQ(full.headers[0], forward[0]);
  EXPECT_EQ(world.sink.deliveries[1].idempotency_key, second) << "the message id where none was given";
}

TEST(Dispatcher, reads_ahead_in_the_order_of_the_sends_and_each_sink_in_turn) {
  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 1;
  config.sinks["t"] = config.sinks["s"];
  config.sinks["t"].name = "t";
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  config.queues["r"].sink = "t";
  DeskWorld world(config);
  for (int i = 0; i < 100; ++i) world.accept(DeskWorld::message("a", "q"));
  for (int i = 0; i < 100; ++i) world.accept(DeskWorld::message("b", "r"));
  world.turn();  // 1 and 101 are under way
  ASSERT_EQ(world.backlog.ahead.size(), 128u);
  for (Sequence i = 0; i < 64; ++i) {
    EXPECT_EQ(world.backlog.ahead[2 * i], 2 + i);
    EXPECT_EQ(world.backlog.ahead[2 * i + 1], 102 + i);
  }
}

TEST(Dispatcher, looks_ahead_after_sends_and_now_and_then_but_not_for_each_message) {
  Config config = CoreWorld::simple();
  config.sinks["s"].concurrency = 1;
  DeskWorld world(config);
  world.accept();
  world.accept();
  world.turn();
  EXPECT_EQ(world.backlog.ahead, std::vector<Sequence>{2}) << "after a send";
  world.backlog.ahead.clear();
  world.accept();
  world.turn();
  EXPECT_TRUE(world.backlog.ahead.empty()) << "nothing was sent";
  world.advance(Duration::milliseconds(10));
  world.turn();
  EXPECT_EQ(world.backlog.ahead, (std::vector<Sequence>{2, 3}));
}

}  // namespace
}  // namespace forebay
