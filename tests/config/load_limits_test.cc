// What the keys of limits, keys, classes and hours become in a Config.
#include <gtest/gtest.h>

#include "config/load.h"

namespace forebay {
namespace {

using Limit = LimitConfig;

Config load(const std::string& sink, const std::string& queue) {
  Config config;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(load_config_text("sinks: {a: {url: \"http://h/\"" + sink +
                                   "}, b: {url: \"http://h/\"}}\nqueues: {q: {sink: a" + queue + "}, r: {sink: a}}",
                               "t.yaml", &config, &errors));
  for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
  return config;
}

SinkConfig sink(const std::string& keys, const std::string& of_queue = ", key: json:/phone") {
  return load(", " + keys, of_queue).sinks["a"];
}

QueueConfig queue(const std::string& keys) {
  return load("", ", " + keys).queues["q"];
}

TEST(LoadLimits, quotas) {
  const SinkConfig a = sink(
      "limits: [1000000/day, 100k/month, {count: 5k, per: week, zone: Asia/Shanghai, reserve: {otp: 20%, default: "
      "7.5%}}, "
      "{count: 1G, per: day, zone: UTC, name: contract, enforce: false}]",
      ", classes: {otp: {}}");
  ASSERT_EQ(a.limits.size(), 4u);
  EXPECT_EQ(a.limits[0].kind, Limit::Kind::calendar);
  EXPECT_EQ(a.limits[0].name, "1000000/day");
  EXPECT_EQ(a.limits[0].count, 1'000'000u);
  EXPECT_EQ(a.limits[0].period, Limit::Period::day);
  EXPECT_EQ(a.limits[0].zone, "");
  EXPECT_TRUE(a.limits[0].enforce);
  EXPECT_EQ(a.limits[1].name, "100000/month");
  EXPECT_EQ(a.limits[1].period, Limit::Period::month);
  EXPECT_EQ(a.limits[2].name, "5000/week");
  EXPECT_EQ(a.limits[2].period, Limit::Period::week);
  EXPECT_EQ(a.limits[2].zone, "Asia/Shanghai");
  EXPECT_EQ(a.limits[2].reserve, (std::vector<std::pair<std::string, double>>{{"otp", 0.2}, {"default", 0.075}}));
  EXPECT_EQ(a.limits[3].name, "contract");
  EXPECT_EQ(a.limits[3].zone, "");
  EXPECT_FALSE(a.limits[3].enforce);
}

TEST(LoadLimits, of_a_queue) {
  const QueueConfig q = queue("limits: [10/1s, 500/day, {rate: 5/1s, burst: 3, enforce: false}]");
  ASSERT_EQ(q.limits.size(), 3u);
  EXPECT_EQ(q.limits[0].kind, Limit::Kind::window);
  EXPECT_EQ(q.limits[1].kind, Limit::Kind::calendar);
  EXPECT_EQ(q.limits[2].kind, Limit::Kind::bucket);
  EXPECT_EQ(q.limits[2].name, "5/1s burst 3");
  EXPECT_FALSE(q.limits[2].enforce);
}

TEST(LoadLimits, of_keys) {
  const std::string keys =
      "key_limits: [1/1m, {count: 5, per: 1h}, {count: 10, per: 24h, name: daily, unanswered_grace: 2s}], "
      "on_key_overflow: refuse";
  const QueueConfig q = queue("key: json:/phone, max_flows: 16M, weights: {\"tenant a\": 3, b: 255}, " + keys);
  ASSERT_EQ(q.key_limits.size(), 3u);
  EXPECT_EQ(q.key_limits[0].name, "key:1/1m");
  EXPECT_EQ(q.key_limits[0].per, Duration::minutes(1));
  EXPECT_EQ(q.key_limits[1].name, "key:5/1h");
  EXPECT_EQ(q.key_limits[1].count, 5u);
  EXPECT_EQ(q.key_limits[2].name, "daily");
  EXPECT_EQ(q.key_limits[2].unanswered_grace, Duration::seconds(2));
  EXPECT_EQ(q.on_key_overflow, OnKeyOverflow::refuse);
  EXPECT_EQ(q.max_flows, 16'000'000u);
  EXPECT_EQ(q.weights, (std::map<std::string, uint32_t>{{"tenant a", 3}, {"b", 255}}));
  const SinkConfig a = sink(keys);
  EXPECT_EQ(a.key_limits, q.key_limits);
  EXPECT_EQ(a.on_key_overflow, OnKeyOverflow::refuse);
  EXPECT_EQ(queue("key: json:/phone").on_key_overflow, OnKeyOverflow::hold);
}

// Forebay-Key alone may give messages their keys.
TEST(LoadLimits, what_goes_by_keys_needs_no_place_of_the_key) {
  const QueueConfig q = queue("key_limits: [1/1m], order: strict, weights: {a: 2}, classes: {otp: {supersede: true}}");
  EXPECT_EQ(q.key.from, ValueSource::From::none);
  EXPECT_EQ(q.key_limits.size(), 1u);
  EXPECT_EQ(sink("key_limits: [1/1m]", "").key_limits.size(), 1u);
}

TEST(LoadLimits, key_memory) {
  Config config;
  std::vector<ConfigError> errors;
  ASSERT_TRUE(load_config_text("key_memory: 1GiB", "t.yaml", &config, &errors));
  EXPECT_EQ(config.key_memory, 1ull << 30);
}

TEST(LoadLimits, how_a_sink_adapts) {
  const SinkConfig a = sink(
      "throttle_scope: key, adaptive: {floor: 25%}, retry_budget: 100%, "
      "breaker: {failures: 0, probes: 3, min_wait: 2s, max_wait: 1m}");
  EXPECT_EQ(a.throttle_scope, ResponseRule::Scope::key);
  EXPECT_TRUE(a.adaptive.on);
  EXPECT_EQ(a.adaptive.floor, 0.25);
  EXPECT_EQ(a.retry_budget, 1.0);
  EXPECT_EQ(a.breaker.failures, 0u);
  EXPECT_EQ(a.breaker.probes, 3u);
  EXPECT_EQ(a.breaker.min_wait, Duration::seconds(2));
  EXPECT_EQ(a.breaker.max_wait, Duration::minutes(1));
  EXPECT_FALSE(sink("adaptive: off").adaptive.on);
  EXPECT_TRUE(sink("adaptive: on").adaptive.on);
}

TEST(LoadLimits, where_costs_and_keys_are_read) {
  const QueueConfig q = queue("key: header:X-Tenant, cost: json:/segments");
  EXPECT_EQ(q.key, (ValueSource{ValueSource::From::header, "X-Tenant"}));
  EXPECT_EQ(q.cost, (ValueSource{ValueSource::From::json, "/segments"}));
  EXPECT_EQ(queue("key: none, cost: none").key, ValueSource{});
  EXPECT_EQ(sink("cost: header:X-Segments").cost, (ValueSource{ValueSource::From::header, "X-Segments"}));
}

TEST(LoadLimits, classes) {
  const QueueConfig q = queue(
      "key: json:/phone, classes: {otp: {priority: 0, ttl: 5m, supersede: true}, default: {priority: 1000, ttl: none}, "
      "marketing: {priority: 2, floor: 5%, supersede: false, hours: \"08:00-21:00\", zone: Asia/Shanghai, "
      "closed: [{cron: \"0 12 * * *\", for: 1h}]}, empty: }");
  ASSERT_EQ(q.classes.size(), 4u);
  const ClassConfig& otp = q.classes.at("otp");
  EXPECT_EQ(otp.name, "otp");
  EXPECT_EQ(otp.priority, 0u);
  EXPECT_EQ(otp.ttl, Duration::minutes(5));
  EXPECT_EQ(otp.supersede, true);
  EXPECT_EQ(q.classes.at("default").priority, 1000u);
  EXPECT_EQ(q.classes.at("default").ttl, Duration::max());
  const ClassConfig& marketing = q.classes.at("marketing");
  EXPECT_EQ(marketing.floor, 0.05);
  EXPECT_EQ(marketing.supersede, false);
  EXPECT_EQ(marketing.hours.open, "08:00-21:00");
  EXPECT_EQ(marketing.hours.zone, "Asia/Shanghai");
  ASSERT_EQ(marketing.hours.closed.size(), 1u);
  EXPECT_EQ(q.classes.at("empty"), (ClassConfig{.name = "empty"})) << "nothing leaks from one to the next";
}

TEST(LoadLimits, hours) {
  const std::string keys =
      "hours: \"mon-fri 08:00-12:00,14:00-18:00; sat 09:00-12:00\", zone: Europe/Berlin, "
      "closed: [{cron: \"0 2 * * *\", for: 1h}, {cron: \"0 4 1 jan *\", for: 1d, zone: UTC}]";
  const QueueConfig q = queue(keys);
  EXPECT_EQ(q.hours.open, "mon-fri 08:00-12:00,14:00-18:00; sat 09:00-12:00");
  EXPECT_EQ(q.hours.zone, "Europe/Berlin");
  ASSERT_EQ(q.hours.closed.size(), 2u);
  EXPECT_EQ(q.hours.closed[0], (HoursConfig::Closed{"0 2 * * *", Duration::hours(1), ""}));
  EXPECT_EQ(q.hours.closed[1], (HoursConfig::Closed{"0 4 1 jan *", Duration::days(1), "UTC"}));
  EXPECT_EQ(sink(keys).hours, q.hours);
  EXPECT_EQ(queue("hours: always, zone: UTC, closed: []").hours, HoursConfig{});
}

TEST(LoadLimits, turns_of_queues) {
  const QueueConfig q = queue("key: json:/phone, share: 2.5, order: strict, supersede: true");
  EXPECT_EQ(q.share, 2.5);
  EXPECT_TRUE(q.strict_order);
  EXPECT_TRUE(q.supersede);
  EXPECT_EQ(queue("share: 1000").share, 1000.0);
  const QueueConfig plain = queue("order: fifo, supersede: false");
  EXPECT_FALSE(plain.strict_order);
  EXPECT_FALSE(plain.supersede);
}

TEST(LoadLimits, one_queue_does_not_leak_into_the_next) {
  const Config config =
      load("", ", key: json:/phone, key_limits: [1/1m], classes: {otp: {}}, weights: {a: 2}, hours: \"08:00-09:00\"");
  QueueConfig plain;
  plain.name = "r";
  plain.sink = "a";
  EXPECT_EQ(config.queues.at("r"), plain);
}

}  // namespace
}  // namespace forebay
