// The metrics of a relay whose config changes while messages wait.
#include <gtest/gtest.h>

#include "tests/relay/metrics_lines.h"

namespace forebay {
namespace {

const std::vector<QueueId> two_ids = {1, 2};

Config with_class(const std::string& name) {
  Config config = two_queues();
  config.queues["q"].classes[name] = {.name = name};
  return config;
}

NewMessage of_class(std::string_view klass) {
  NewMessage message = DeskWorld::message();
  message.klass = klass;
  return message;
}

std::string of_q(const std::string& name, const std::string& klass, const std::string& more = "") {
  return "forebay_" + name + "{class=\"" + klass + "\",queue=\"q\"" + more + "}";
}

TEST(MetricsReload, what_waits_of_a_class_that_left_counts_as_default_from_then_on) {
  DeskWorld world(with_class("otp"));
  world.hold_all();
  for (int i = 0; i < 3; ++i) world.accept(of_class("otp"));
  EXPECT_EQ(metrics_line(world, of_q("accepted_messages_total", "otp")), "3");
  EXPECT_EQ(metrics_line(world, of_q("backlog_messages", "otp", ",state=\"ready\"")), "3");
  world.accept(of_class("otp"));
  ASSERT_EQ(world.relay->reconfigure(two_queues(), two_ids), "");
  EXPECT_EQ(metrics_line(world, of_q("accepted_messages_total", "otp")), "none");
  EXPECT_EQ(metrics_line(world, of_q("accepted_messages_total", "default")), "0") << "they were otp when they came";
  EXPECT_EQ(metrics_line(world, of_q("backlog_messages", "default", ",state=\"ready\"")), "4");
  world.turn();
  for (int i = 0; i < 4; ++i) world.answer_next(CoreWorld::delivered());
  EXPECT_EQ(metrics_line(world, of_q("delivered_messages_total", "default")), "4");
  EXPECT_EQ(metrics_line(world, of_q("delivery_delay_seconds_count", "default")), "4");
}

TEST(MetricsReload, a_class_that_takes_a_free_number_starts_at_nothing) {
  DeskWorld world(with_class("otp"));
  world.hold_all();
  world.accept(of_class("otp"));
  world.turn();
  world.answer_next(CoreWorld::delivered());
  ASSERT_EQ(world.relay->reconfigure(with_class("news"), two_ids), "");
  ASSERT_EQ(world.relay->core().class_number(1, "news"), 1) << "otp's";
  EXPECT_EQ(metrics_line(world, of_q("delivered_messages_total", "news")), "0");
  world.accept(of_class("news"));
  EXPECT_EQ(metrics_line(world, of_q("accepted_messages_total", "news")), "1");
  EXPECT_EQ(metrics_line(world, of_q("backlog_messages", "news", ",state=\"ready\"")), "1");
}

// The core's queues stand in the order in which they came, those of the config by name.
TEST(MetricsReload, a_queue_that_comes_before_others_by_name_takes_none_of_their_counts) {
  DeskWorld world(two_queues());
  world.hold_all();
  world.accept();
  Config config = two_queues();
  config.queues["a"] = config.queues["q"];
  config.queues["a"].name = "a";
  config.sinks["b"] = config.sinks["s"];
  config.sinks["b"].name = "b";
  const std::vector<QueueId> ids = {3, 1, 2};
  ASSERT_EQ(world.relay->reconfigure(config, ids), "");
  world.turn();
  world.answer_next(CoreWorld::delivered());
  EXPECT_EQ(metrics_line(world, of_q("delivered_messages_total", "default")), "1");
  EXPECT_EQ(metrics_line(world, of_q("delivery_delay_seconds_count", "default")), "1");
  EXPECT_EQ(metrics_line(world, "forebay_delivered_messages_total{class=\"default\",queue=\"a\"}"), "0");
  EXPECT_EQ(metrics_line(world, "forebay_attempts_total{outcome=\"delivered\",sink=\"s\"}"), "1");
  EXPECT_EQ(metrics_line(world, "forebay_attempts_total{outcome=\"delivered\",sink=\"b\"}"), "0");
}

TEST(MetricsReload, a_sink_that_left_is_in_no_state_and_comes_back_with_its_counts) {
  Config config = two_queues();
  config.sinks["b"] = config.sinks["s"];
  config.sinks["b"].name = "b";
  DeskWorld world(config);
  world.change([&](uint64_t t, PublishListener& l) { return world.relay->admin().set_sink_paused("b", true, t, l); });
  EXPECT_EQ(metrics_line(world, "forebay_sink_state{sink=\"b\",state=\"paused\"}"), "1");
  ASSERT_EQ(world.relay->reconfigure(two_queues(), two_ids), "");
  EXPECT_EQ(metrics_line(world, "forebay_sink_state{sink=\"b\",state=\"paused\"}"), "0");
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"concurrency\",sink=\"b\"}"), "none");
  EXPECT_EQ(metrics_line(world, "forebay_attempts_total{outcome=\"retry\",sink=\"b\"}"), "0");
  ASSERT_EQ(world.relay->reconfigure(config, two_ids), "");
  EXPECT_EQ(metrics_line(world, "forebay_sink_state{sink=\"b\",state=\"paused\"}"), "1");
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"concurrency\",sink=\"b\"}"), "64");
}

}  // namespace
}  // namespace forebay
