#include "config/load.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

std::optional<std::string> variables(const std::string& name) {
  if (name == "TOKEN") return "hunter2";
  if (name == "RATE") return "20/1m";
  if (name == "HARMFUL") return "a\", evil: \"b: [";
  return std::nullopt;
}

Config load(const std::string& yaml) {
  Config config;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(load_config_text(yaml, "t.yaml", &config, &errors, variables));
  for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
  return config;
}

SinkConfig sink(const std::string& keys) {
  return load("sinks: {a: {url: \"http://h/\", " + keys + "}}").sinks["a"];
}

QueueConfig queue(const std::string& keys) {
  return load("sinks: {a: {url: \"http://h/\"}}\nqueues: {q: {sink: a, " + keys + "}}").queues["q"];
}

TEST(Load, an_empty_file_has_two_doors_and_the_defaults) {
  const Config config = load("");
  ASSERT_EQ(config.doors.size(), 2u);
  EXPECT_EQ(config.doors[0].type, DoorConfig::Type::http);
  EXPECT_EQ(config.doors[0].host, "127.0.0.1");
  EXPECT_EQ(config.doors[0].port, 7070);
  EXPECT_EQ(config.doors[1].type, DoorConfig::Type::admin);
  EXPECT_EQ(config.doors[1].port, 7071);
  EXPECT_EQ(config.data_dir, "./data");
  EXPECT_EQ(config.path, "t.yaml");
}

TEST(Load, top_level_and_journal) {
  const Config config = load(
      "data_dir: /var/lib/forebay\nmax_bytes: 1TiB\nstatus_retention: 2h\nstatus_memory: 1MiB\n"
      "shutdown_grace: 0s\njournal: {segment: 64MiB, checkpoint: 128MiB}");
  EXPECT_EQ(config.data_dir, "/var/lib/forebay");
  EXPECT_EQ(config.max_bytes, 1ull << 40);
  EXPECT_EQ(config.status_retention, Duration::hours(2));
  EXPECT_EQ(config.status_memory, 1u << 20);
  EXPECT_EQ(config.shutdown_grace, Duration{});
  EXPECT_EQ(config.journal.segment_bytes, 64u << 20);
  EXPECT_EQ(config.journal.checkpoint_bytes, 128u << 20);
}

TEST(Load, doors) {
  const Config config = load(
      "doors:\n"
      "  - {type: http, listen: \"0.0.0.0:0\", max_connections: 10k, max_body_bytes: 1MiB, idle_timeout: "
      "5s}\n"
      "  - {type: http, listen: \"[::1]:8080\"}\n"
      "  - {type: admin}\n");
  ASSERT_EQ(config.doors.size(), 3u);
  EXPECT_EQ(config.doors[0].host, "0.0.0.0");
  EXPECT_EQ(config.doors[0].max_connections, 10'000u);
  EXPECT_EQ(config.doors[0].max_body_bytes, 1u << 20);
  EXPECT_EQ(config.doors[0].idle_timeout, Duration::seconds(5));
  EXPECT_EQ(config.doors[1].host, "::1");
  EXPECT_EQ(config.doors[1].max_connections, 4096u);
  EXPECT_EQ(config.doors[2].port, 7071);
}

TEST(Load, a_sink) {
  const SinkConfig a = sink(
      "method: PUT, headers: {X-A: \"1\", Authorization: \"Bearer ${TOKEN}\"}, concurrency: 60, timeout: 3s, "
      "pace: 20ms, pause_on: [410, 402], dead_storm: 0, max_age: 1d, ca_file: ca.pem");
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.url, "http://h/");
  EXPECT_EQ(a.method, "PUT");
  ASSERT_EQ(a.headers.size(), 2u);
  EXPECT_EQ(a.headers[1], std::pair(std::string("Authorization"), std::string("Bearer hunter2")));
  EXPECT_EQ(a.concurrency, 60u);
  EXPECT_EQ(a.timeout, Duration::seconds(3));
  EXPECT_EQ(a.pace, Duration::milliseconds(20));
  EXPECT_FALSE(a.pace_off);
  EXPECT_EQ(a.pause_on, (std::vector<int>{410, 402}));
  EXPECT_EQ(a.dead_storm, 0u);
  EXPECT_EQ(a.max_age, Duration::days(1));
  EXPECT_EQ(a.ca_file, "ca.pem");
}

TEST(Load, pace_off) {
  EXPECT_TRUE(sink("pace: off").pace_off);
  EXPECT_EQ(sink("pace: 0s").pace, Duration{});
}

TEST(Load, limits_in_all_forms) {
  const SinkConfig a = sink(
      "limits: [300/1s, 100/m, \"${RATE}\", {rate: 300/s, burst: 50}, "
      "{count: 5k, per: 1h, name: hourly, margin: strict, unanswered_grace: 3s}]");
  ASSERT_EQ(a.limits.size(), 5u);
  EXPECT_EQ(a.limits[0].kind, LimitConfig::Kind::window);
  EXPECT_EQ(a.limits[0].name, "300/1s");
  EXPECT_EQ(a.limits[0].count, 300u);
  EXPECT_EQ(a.limits[0].per, Duration::seconds(1));
  EXPECT_FALSE(a.limits[0].strict);
  EXPECT_FALSE(a.limits[0].unanswered_grace.has_value());
  EXPECT_EQ(a.limits[1].name, "100/1m");
  EXPECT_EQ(a.limits[2].name, "20/1m");
  EXPECT_EQ(a.limits[3].kind, LimitConfig::Kind::bucket);
  EXPECT_EQ(a.limits[3].name, "300/1s burst 50");
  EXPECT_EQ(a.limits[3].burst, 50u);
  EXPECT_EQ(a.limits[4].name, "hourly");
  EXPECT_EQ(a.limits[4].count, 5000u);
  EXPECT_TRUE(a.limits[4].strict);
  EXPECT_EQ(a.limits[4].unanswered_grace, Duration::seconds(3));
}

TEST(Load, response_rules) {
  const SinkConfig a = sink(
      "responses: [{status: 200, json: /Code, in: [BUSY, 7], then: throttle, scope: key, for: 1m}, "
      "{status: [2xx, 304, 400-404], then: delivered}, {then: sink_fault}]");
  ASSERT_EQ(a.responses.size(), 3u);
  const ResponseRule& busy = a.responses[0];
  EXPECT_EQ(busy.statuses, (std::vector<std::pair<int, int>>{{200, 200}}));
  EXPECT_EQ(busy.json_pointer, "/Code");
  EXPECT_EQ(busy.in, (std::vector<std::string>{"BUSY", "7"}));
  EXPECT_EQ(busy.then, ResponseRule::Then::throttle);
  EXPECT_EQ(busy.scope, ResponseRule::Scope::key);
  EXPECT_EQ(busy.for_duration, Duration::minutes(1));
  EXPECT_EQ(a.responses[1].statuses, (std::vector<std::pair<int, int>>{{200, 299}, {304, 304}, {400, 404}}));
  EXPECT_EQ(a.responses[1].then, ResponseRule::Then::delivered);
  EXPECT_EQ(a.responses[1].scope, ResponseRule::Scope::sink);
  EXPECT_TRUE(a.responses[2].statuses.empty());
}

TEST(Load, a_queue) {
  const QueueConfig q = queue(
      "max_messages: 5k, max_bytes: 1GiB, ttl: 24h, on_late: refuse, "
      "retry: {max_attempts: 3, min_backoff: 100ms, max_backoff: 1m}, "
      "dead: {max_messages: 10, max_bytes: 1MiB, ttl: none, on_full: drop_oldest}");
  EXPECT_EQ(q.name, "q");
  EXPECT_EQ(q.sink, "a");
  EXPECT_EQ(q.max_messages, 5000u);
  EXPECT_EQ(q.ttl, Duration::days(1));
  EXPECT_TRUE(q.refuse_late);
  EXPECT_EQ(q.retry.max_attempts, 3u);
  EXPECT_EQ(q.retry.min_backoff, Duration::milliseconds(100));
  EXPECT_EQ(q.dead.max_messages, 10u);
  EXPECT_EQ(q.dead.ttl, Duration::max());
  EXPECT_EQ(q.dead.on_full, DeadConfig::OnFull::drop_oldest);
}

TEST(Load, one_item_does_not_leak_into_the_next) {
  const Config config = load(
      "sinks:\n  a: {url: \"http://a/\", limits: [1/1s], concurrency: 1, pause_on: 410}\n  b: {url: "
      "\"http://b/\"}\n"
      "queues:\n  p: {sink: a, ttl: 1s, retry: {max_attempts: 1}}\n  q: {sink: b}\n");
  EXPECT_EQ(config.sinks.at("a").pause_on, (std::vector<int>{410}));
  EXPECT_TRUE(config.sinks.at("b").limits.empty());
  EXPECT_TRUE(config.sinks.at("b").pause_on.empty());
  EXPECT_EQ(config.sinks.at("b").concurrency, 64u);
  EXPECT_EQ(config.queues.at("q").ttl, Duration::max());
  EXPECT_EQ(config.queues.at("q").retry.max_attempts, 10u);
}

TEST(Load, a_variable_is_text_and_never_structure) {
  const SinkConfig a = sink("headers: {X-A: \"${HARMFUL}\"}");
  ASSERT_EQ(a.headers.size(), 1u);
  EXPECT_EQ(a.headers[0].second, "a\", evil: \"b: [");
}

TEST(Load, anchors_may_be_used) {
  const Config config =
      load("sinks:\n  a: {url: \"http://a/\", limits: &calm [1/1s]}\n  b: {url: \"http://b/\", limits: *calm}\n");
  EXPECT_EQ(config.sinks.at("b").limits.at(0).name, "1/1s");
}

}  // namespace
}  // namespace forebay
