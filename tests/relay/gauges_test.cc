// What the metrics say of limits, keys and promises while messages flow.
#include <gtest/gtest.h>

#include "tests/relay/metrics_lines.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

LimitConfig limit(uint64_t count, Duration per, const std::string& name) {
  LimitConfig limit;
  limit.name = name;
  limit.count = count;
  limit.per = per;
  return limit;
}

NewMessage of_key(std::string_view key) {
  NewMessage message = DeskWorld::message();
  message.key = key;
  return message;
}

// Turns each `step`, all sends answered at once; how many there were.
size_t run(DeskWorld& world, Duration how_long, Duration step = Duration::milliseconds(100)) {
  const size_t before = world.sink.deliveries.size();
  size_t answered = before;
  for (Duration passed; passed < how_long; passed = passed + step) {
    world.turn();
    for (; answered < world.sink.deliveries.size(); ++answered) world.answer_next(CoreWorld::delivered());
    world.advance(step);
  }
  return answered - before;
}

std::string blocked(const std::string& limit) {
  return "forebay_limit_blocked_seconds_total{limit=\"" + limit + "\",sink=\"s\"}";
}

TEST(Gauges, a_sink_that_idles_for_keys_alone_is_blocked_by_their_window) {
  Config config = two_queues();
  config.queues["q"].key_limits = {limit(1, Duration::minutes(1), "key:1/1m")};
  DeskWorld world(config);
  world.hold_all();
  for (int i = 0; i < 2; ++i) world.accept(of_key("a"));
  EXPECT_EQ(run(world, second * 20), 1u);
  EXPECT_NEAR(metrics_value(world, blocked("queue q: key:1/1m")), 20, 0.5);
  run(world, second * 60);
  EXPECT_NEAR(metrics_value(world, blocked("queue q: key:1/1m")), 60, 0.5) << "the key went on";
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"queue q: key:1/1m\",sink=\"s\"}"), "1");
}

TEST(Gauges, a_window_of_keys_on_the_sink_goes_by_its_own_name) {
  Config config = two_queues();
  config.sinks["s"].key_limits = {limit(1, Duration::minutes(1), "key:1/1m")};
  DeskWorld world(config);
  world.hold_all();
  for (int i = 0; i < 2; ++i) world.accept(of_key("a"));
  run(world, second * 10);
  EXPECT_NEAR(metrics_value(world, blocked("key:1/1m")), 10, 0.5);
}

TEST(Gauges, what_an_operator_holds_is_blocked_by_no_limit) {
  Config config = two_queues();
  config.queues["q"].key_limits = {limit(1, Duration::minutes(1), "key:1/1m")};
  DeskWorld world(config);
  world.hold_all();
  for (int i = 0; i < 2; ++i) world.accept(of_key("a"));
  EXPECT_EQ(run(world, second * 5), 1u);
  world.change(
      [&](uint64_t t, PublishListener& l) { return world.relay->admin().set_key_paused("q", "a", true, t, l); });
  run(world, second * 60);
  const double by_the_window = metrics_value(world, blocked("queue q: key:1/1m"));
  EXPECT_GT(by_the_window, 4.5);
  EXPECT_EQ(run(world, second * 60), 0u);
  EXPECT_EQ(metrics_value(world, blocked("queue q: key:1/1m")), by_the_window);
}

TEST(Gauges, a_queues_own_limit_stands_among_those_of_its_sink) {
  Config config = two_queues();
  config.queues["q"].limits = {limit(2, Duration::seconds(10), "2/10s")};
  config.sinks["s"].pace_off = true;
  DeskWorld world(config);
  world.hold_all();
  for (int i = 0; i < 3; ++i) world.accept();
  EXPECT_EQ(run(world, second * 8), 2u);
  EXPECT_NEAR(metrics_value(world, blocked("queue q: 2/10s")), 8, 0.5);
  EXPECT_EQ(metrics_line(world, "forebay_limit_utilization_ratio{limit=\"queue q: 2/10s\",sink=\"s\"}"), "1");
  EXPECT_EQ(metrics_line(world, "forebay_limit_effective{limit=\"queue q: 2/10s\",sink=\"s\"}"), "2");
}

TEST(Gauges, a_calendar_tells_what_is_left_and_a_shadow_what_it_would_have_held) {
  Config config = two_queues();
  LimitConfig day = limit(1000, {}, "1000/day");
  day.kind = LimitConfig::Kind::calendar;
  LimitConfig shadow = limit(2, second, "2/1s");
  shadow.enforce = false;
  config.sinks["s"].limits = {day, shadow};
  DeskWorld world(config);
  world.relay->turn();
  world.commit();
  world.hold_all();
  for (int i = 0; i < 5; ++i) world.accept();
  ASSERT_EQ(run(world, Duration::milliseconds(500)), 5u);
  EXPECT_EQ(metrics_line(world, "forebay_quota_remaining{limit=\"1000/day\",sink=\"s\"}"), "995");
  EXPECT_EQ(metrics_line(world, "forebay_limit_exceeded_total{limit=\"2/1s\",sink=\"s\"}"), "3");
  EXPECT_EQ(metrics_line(world, blocked("2/1s")), "none");
}

TEST(Gauges, keys_are_counted_and_never_named) {
  Config config = two_queues();
  config.queues["q"].key_limits = {limit(1, Duration::hours(1), "key:1/1h")};
  config.queues["q"].supersede = true;
  DeskWorld world(config);
  world.hold_all();
  const size_t before = metrics_line_count(world);
  EXPECT_EQ(metrics_line(world, "forebay_flows"), "0");
  std::vector<std::string> keys;
  for (int i = 0; i < 500; ++i) keys.push_back("phone-" + std::to_string(i));
  for (int round = 0; round < 3; ++round) {
    for (const std::string& key : keys) world.accept(of_key(key));
    if (round == 0) {
      EXPECT_EQ(run(world, second), 500u);
    }
  }
  EXPECT_EQ(metrics_line(world, "forebay_flows"), "500");
  EXPECT_EQ(metrics_line(world, "forebay_superseded_messages_total"), "500");
  EXPECT_GT(metrics_value(world, "forebay_key_memory_bytes"), 500 * 16);
  EXPECT_EQ(metrics_line_count(world), before) << "labels come from the config alone";
  EXPECT_EQ(metrics_text(world).find("phone-"), std::string::npos);
}

TEST(Gauges, a_key_refused_for_want_of_memory_is_counted) {
  Config config = two_queues();
  config.key_memory = 1;
  config.queues["q"].key_limits = {limit(1, Duration::hours(1), "key:1/1h")};
  config.queues["q"].on_key_overflow = OnKeyOverflow::refuse;
  DeskWorld world(config);
  EXPECT_TRUE(std::holds_alternative<Problem>(world.publish({of_key("a")})));
  EXPECT_EQ(metrics_line(world, "forebay_refused_messages_total{queue=\"q\",reason=\"keys_full\"}"), "1");
}

TEST(Gauges, each_sixteenth_promise_is_compared_with_its_delivery) {
  DeskWorld world(two_queues());
  world.hold_all();
  for (int i = 0; i < 32; ++i) world.accept();
  world.advance(second * 3);
  world.turn();
  for (int i = 0; i < 32; ++i) world.answer_next(CoreWorld::delivered());
  EXPECT_EQ(metrics_line(world, "forebay_eta_error_seconds_count"), "2");
  EXPECT_NEAR(metrics_value(world, "forebay_eta_error_seconds_sum"), 6, 0.1);
}

TEST(Gauges, a_dead_letters_promise_is_void) {
  DeskWorld world(two_queues());
  world.hold_all();
  for (int i = 0; i < 16; ++i) world.accept();
  world.turn();
  for (int i = 0; i < 16; ++i) world.answer_next(CoreWorld::outcome(Outcome::Kind::dead, 400));
  world.change([&](uint64_t t, PublishListener& l) { return world.relay->admin().replay_dead("q", "", t, l); });
  world.turn();
  world.turn();
  ASSERT_EQ(world.sink.deliveries.size(), 32u);
  for (int i = 0; i < 16; ++i) world.answer_next(CoreWorld::delivered());
  EXPECT_EQ(metrics_line(world, "forebay_eta_error_seconds_count"), "0");
}

}  // namespace
}  // namespace forebay
