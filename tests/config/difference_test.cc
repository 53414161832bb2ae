#include "config/difference.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace forebay {
namespace {

Config load(const std::string& yaml) {
  Config config;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(load_config_text(yaml, "t.yaml", &config, &errors));
  for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
  return config;
}

using Words = std::vector<std::string>;

const std::string two_sinks = "sinks: {a: {url: \"http://h/\"}, b: {url: \"http://h/\"}}\n";

Config with_sink(const std::string& keys) {
  return load("sinks: {a: {url: \"http://h/\"" + keys + "}}\nqueues: {q: {sink: a, key: json:/phone}}");
}

Config with_queue(const std::string& keys) {
  return load("sinks: {a: {url: \"http://h/\"}}\nqueues: {q: {sink: a, key: json:/phone" + keys + "}}");
}

TEST(Difference, of_equal_configs_is_empty) {
  const std::string yaml = two_sinks + "queues: {q: {sink: a, key: header:X, classes: {otp: {floor: 5%}}}}";
  Config other = load(yaml);
  other.path = "elsewhere.yaml";
  EXPECT_TRUE(difference(load(yaml), other).empty());
}

TEST(Difference, what_came_and_went) {
  const Config from = load(two_sinks + "queues: {q: {sink: a}, y: {sink: a}}");
  const Config to =
      load("sinks: {a: {url: \"http://h/\"}, c: {url: \"http://h/\"}}\nqueues: {q: {sink: a}, x: {sink: a}}");
  EXPECT_EQ(difference(from, to).applied,
            (Words{"sinks.b removed", "sinks.c added", "queues.y removed", "queues.x added"}));
  EXPECT_TRUE(difference(from, to).needs_restart.empty());
}

TEST(Difference, of_classes) {
  const Config from = with_queue(", classes: {otp: {priority: 0}, bulk: {}, old: {}}");
  const Config to = with_queue(", classes: {otp: {priority: 2, ttl: 5m, hours: \"08:00-21:00\"}, bulk: {}, new: {}}");
  EXPECT_EQ(
      difference(from, to).applied,
      (Words{"queues.q.classes.old removed", "queues.q.classes.otp.priority changed",
             "queues.q.classes.otp.ttl changed", "queues.q.classes.otp.hours changed", "queues.q.classes.new added"}));
}

TEST(Difference, what_needs_a_restart) {
  const Config to = load(
      "data_dir: /elsewhere\nmax_bytes: 1GiB\nstatus_retention: 2h\nstatus_memory: 1MiB\nshutdown_grace: 1s\n"
      "key_memory: 1GiB\njournal: {segment: 1MiB}\ndoors: [{type: http, listen: \"127.0.0.1:0\"}]");
  const Difference told = difference(load(""), to);
  EXPECT_EQ(told.needs_restart,
            (Words{"data_dir changed", "max_bytes changed", "status_retention changed", "status_memory changed",
                   "shutdown_grace changed", "journal changed", "doors changed"}));
  EXPECT_EQ(told.applied, Words{"key_memory changed"});
}

TEST(Difference, never_tells_a_value) {
  const Difference told = difference(with_sink(", headers: {X-Key: old}"), with_sink(", headers: {X-Key: hunter2}"));
  EXPECT_EQ(told.applied, Words{"sinks.a.headers changed"});
}

TEST(Difference, of_every_key_of_a_sink_is_told_by_its_name) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"method", "PUT"},
                                                        {"headers", "{X: y}"},
                                                        {"ca_file", "ca.pem"},
                                                        {"concurrency", "1"},
                                                        {"timeout", "1s"},
                                                        {"pace", "off"},
                                                        {"pace", "1s"},
                                                        {"limits", "[1/1s]"},
                                                        {"responses", "[{then: dead}]"},
                                                        {"pause_on", "410"},
                                                        {"dead_storm", "1"},
                                                        {"max_age", "1d"},
                                                        {"throttle_scope", "key"},
                                                        {"key_limits", "[1/1m]"},
                                                        {"on_key_overflow", "refuse"},
                                                        {"adaptive", "off"},
                                                        {"adaptive", "{floor: 20%}"},
                                                        {"breaker", "{probes: 2}"},
                                                        {"retry_budget", "20%"},
                                                        {"cost", "json:/n"},
                                                        {"hours", "\"08:00-21:00\""},
                                                        {"zone", "Asia/Shanghai"},
                                                        {"closed", "[{cron: \"0 2 * * *\", for: 1h}]"}}) {
    EXPECT_EQ(difference(with_sink(""), with_sink(", " + name + ": " + value)).applied,
              Words{"sinks.a." + name + " changed"});
  }
}

TEST(Difference, of_every_key_of_a_queue_is_told_by_its_name) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"max_messages", "1"},
                                                        {"max_bytes", "1GiB"},
                                                        {"ttl", "1h"},
                                                        {"on_late", "refuse"},
                                                        {"retry", "{max_attempts: 1}"},
                                                        {"dead", "{ttl: 1d}"},
                                                        {"share", "2"},
                                                        {"limits", "[1/1s]"},
                                                        {"weights", "{t: 3}"},
                                                        {"key_limits", "[1/1m]"},
                                                        {"max_flows", "1"},
                                                        {"on_key_overflow", "refuse"},
                                                        {"order", "strict"},
                                                        {"supersede", "true"},
                                                        {"cost", "header:X"},
                                                        {"hours", "\"08:00-21:00\""},
                                                        {"zone", "Asia/Shanghai"},
                                                        {"closed", "[{cron: \"0 2 * * *\", for: 1h}]"}}) {
    EXPECT_EQ(difference(with_queue(""), with_queue(", " + name + ": " + value)).applied,
              Words{"queues.q." + name + " changed"});
  }
  const Config moved = load(two_sinks + "queues: {q: {sink: b, key: header:X}}");
  EXPECT_EQ(difference(load(two_sinks + "queues: {q: {sink: a, key: json:/x}}"), moved).applied,
            (Words{"queues.q.sink changed", "queues.q.key changed"}));
}

}  // namespace
}  // namespace forebay
