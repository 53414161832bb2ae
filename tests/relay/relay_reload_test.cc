// Another config while messages wait and attempts are under way.
#include <gtest/gtest.h>

#include "tests/relay/metrics_lines.h"

namespace forebay {
namespace {

const std::vector<QueueId> one_id = {1}, two_ids = {1, 2}, three_ids = {1, 2, 3};

Config with_limit(uint64_t count, Duration per, const std::string& name) {
  Config config = two_queues();
  LimitConfig limit;
  limit.name = name;
  limit.count = count;
  limit.per = per;
  config.sinks["s"].limits = {limit};
  config.sinks["s"].pace_off = true;
  return config;
}

TEST(RelayReload, a_removed_queue_that_holds_messages_is_refused_by_name_and_nothing_changes) {
  DeskWorld world(two_queues());
  world.accept(DeskWorld::message("body", "r"));
  Config config = two_queues();
  config.queues.erase("r");
  config.sinks["s"].concurrency = 1;
  const std::string refused = world.relay->reconfigure(config, one_id);
  EXPECT_NE(refused.find("\"r\""), std::string::npos) << refused;
  EXPECT_EQ(world.relay->running().sinks.at("s").concurrency, 64u);
  EXPECT_TRUE(world.relay->admin().queue_status("r"));
  EXPECT_TRUE(std::holds_alternative<uint64_t>(world.publish({DeskWorld::message("body", "r")})));
}

TEST(RelayReload, an_empty_queue_goes_and_a_new_one_comes) {
  DeskWorld world(two_queues());
  Config config = two_queues();
  config.queues["t"] = config.queues.extract("r").mapped();
  config.queues["t"].name = "t";
  const std::vector<QueueId> ids = {1, 3};
  ASSERT_EQ(world.relay->reconfigure(config, ids), "");
  EXPECT_FALSE(world.relay->admin().queue_status("r"));
  EXPECT_EQ(world.relay->admin().status().queues.size(), 2u);
  EXPECT_EQ(std::get<Problem>(world.publish({DeskWorld::message("body", "r")})).status, 404);
  world.accept(DeskWorld::message("body", "t"));
  EXPECT_EQ(metrics_line(world, "forebay_accepted_messages_total{class=\"default\",queue=\"t\"}"), "1");
}

TEST(RelayReload, what_was_accepted_before_is_answered_with_its_queues_name) {
  DeskWorld world(two_queues());
  const uint64_t token = std::get<uint64_t>(world.publish({DeskWorld::message("body", "q")}));
  Config config = two_queues();
  for (char c = 'a'; c < 'n'; ++c) {  // enough for every table of queues to move
    const std::string name(1, c);
    config.queues[name] = config.queues["q"];
    config.queues[name].name = name;
  }
  std::vector<QueueId> ids;
  for (size_t i = 0; i < config.queues.size(); ++i) ids.push_back(static_cast<QueueId>(i + 3));
  ids[config.queues.size() - 2] = 1, ids.back() = 2;
  ASSERT_EQ(world.relay->reconfigure(config, ids), "");
  world.commit();
  EXPECT_EQ(world.answers[token].accepted.at(0).queue, "q");
}

TEST(RelayReload, attempts_under_way_end_as_they_began) {
  DeskWorld world(two_queues());
  world.hold_all();
  const std::string id = world.accept();
  world.turn();
  ASSERT_EQ(world.sink.deliveries.size(), 1u);
  EXPECT_EQ(world.sink.deliveries[0].queue, "q");
  Config config = two_queues();
  config.queues["a"] = config.queues["q"];
  config.queues["a"].name = "a";
  const std::vector<QueueId> ids = {3, 1, 2};
  ASSERT_EQ(world.relay->reconfigure(config, ids), "");
  EXPECT_EQ(world.sink.deliveries[0].queue, "q") << "the name is the attempt's own";
  Outcome outcome;
  outcome.kind = Outcome::Kind::delivered;
  outcome.answered = true;
  world.answer_next(outcome);
  EXPECT_EQ(world.status(id).state, "delivered");
}

TEST(RelayReload, limits_are_those_of_the_new_file_and_so_are_their_series) {
  DeskWorld world(with_limit(300, Duration::seconds(1), "300/1s"));
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"300/1s\",sink=\"s\"}"), "300");
  ASSERT_EQ(world.relay->reconfigure(with_limit(100, Duration::seconds(1), "100/1s"), two_ids), "");
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"100/1s\",sink=\"s\"}"), "100");
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"300/1s\",sink=\"s\"}"), "none");
  EXPECT_EQ(world.relay->admin().sink_status("s")->limits.at(0).name, "100/1s");
}

// A long window sends only what a synced record covers: one that comes with a reload must be recorded, one that goes
// must not hold the sink.
TEST(RelayReload, long_windows_may_come_and_go) {
  DeskWorld world(with_limit(100, Duration::seconds(1), "100/1s"));
  world.hold_all();
  const auto sent_of_one_more = [&] {
    const size_t before = world.sink.deliveries.size();
    world.accept();
    for (int i = 0; i < 4; ++i) {
      world.advance(Duration::milliseconds(100));
      world.turn();
    }
    return world.sink.deliveries.size() - before;
  };
  EXPECT_EQ(sent_of_one_more(), 1u);
  world.accept();
  ASSERT_EQ(world.relay->reconfigure(with_limit(160, Duration::hours(1), "160/1h"), two_ids), "");
  world.relay->hand_over();
  world.relay->turn();
  EXPECT_EQ(world.sink.deliveries.size(), 1u) << "no record is synced that covers it";
  world.commit();
  world.turn();
  EXPECT_EQ(world.sink.deliveries.size(), 2u);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(sent_of_one_more(), 1u) << i;
  EXPECT_FALSE(world.backlog.notes["spends:s"].empty());
  ASSERT_EQ(world.relay->reconfigure(with_limit(100, Duration::seconds(1), "100/1s"), two_ids), "");
  world.commit();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(sent_of_one_more(), 1u) << i;
}

TEST(RelayReload, a_new_sink_is_served_and_a_removed_one_is_not_shown) {
  DeskWorld world(two_queues());
  Config config = two_queues();
  config.sinks["new"] = config.sinks.extract("s").mapped();
  config.sinks["new"].name = "new";
  for (auto& [name, queue] : config.queues) queue.sink = "new";
  ASSERT_EQ(world.relay->reconfigure(config, two_ids), "");
  EXPECT_FALSE(world.relay->admin().sink_status("s"));
  EXPECT_TRUE(world.relay->admin().sink_status("new"));
  EXPECT_EQ(world.relay->admin().status().sinks.size(), 1u);
  world.relay->dispatcher().set_sinks({nullptr, &world.sink});
  world.hold_all();
  world.accept();
  world.turn();
  EXPECT_EQ(world.sink.deliveries.size(), 1u);
  EXPECT_EQ(metrics_line(world, "forebay_sink_state{sink=\"new\",state=\"open\"}"), "1");
}

TEST(RelayReload, pauses_hold) {
  DeskWorld world(two_queues());
  world.change([&](uint64_t t, PublishListener& l) { return world.relay->admin().set_queue_paused("q", true, t, l); });
  world.commit();
  ASSERT_EQ(world.relay->reconfigure(two_queues(), two_ids), "");
  EXPECT_TRUE(world.relay->admin().queue_status("q")->paused);
}

TEST(RelayReload, without_a_reader_of_files_there_is_an_error) {
  DeskWorld world;
  EXPECT_EQ(world.relay->admin().reload().errors.size(), 1u);
}

}  // namespace
}  // namespace forebay
