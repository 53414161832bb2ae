// Warnings about limits, keys, classes and hours: what is allowed and probably not meant.
#include "config/warnings.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace forebay {
namespace {

using Warnings = std::vector<std::string>;

// What is said of a sink `a` of 300/s and a queue `q` into it, both with more keys.
Warnings warnings(const std::string& sink, const std::string& queue, const std::string& top = "") {
  Config config;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(load_config_text(
      top + "sinks: {a: {url: \"http://h/\", concurrency: 1000, " + sink + "}}\nqueues: {q: {sink: a" + queue + "}}",
      "t.yaml", &config, &errors));
  for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
  return config_warnings(config);
}

TEST(QuotaWarning, gone_within_the_hour) {
  EXPECT_EQ(warnings("limits: [300/1s, 1000000/day]", ""),
            Warnings{"sinks.a: limit 1000000/day may be used up within 55m, and then nothing is sent until the day is "
                     "over"});
  EXPECT_EQ(warnings("limits: [300/1s, 1080000/day]", ""), Warnings{});
}

TEST(QuotaWarning, never_reached) {
  EXPECT_EQ(warnings("limits: [1/1s, 86401/day]", ""),
            Warnings{"sinks.a: limit 86401/day is never reached: the others let through 86400 in a day"});
  EXPECT_EQ(warnings("limits: [1/1s, 86400/day, 604800/week, 2678400/month]", ""), Warnings{});
  EXPECT_EQ(warnings("limits: [1/1s, 604801/week, 2678401/month]", "").size(), 2u);
}

TEST(QuotaWarning, of_a_queue_counts_the_limits_of_its_sink) {
  EXPECT_EQ(warnings("limits: [300/1s]", ", limits: [100/day]"),
            Warnings{"queues.q: limit 100/day may be used up within less than a second, and then nothing is sent until "
                     "the day is over"});
  EXPECT_EQ(warnings("limits: [300/1s]", ", limits: [1/1m, 1441/day]"),
            Warnings{"queues.q: limit 1441/day is never reached: the others let through 1440 in a day"});
}

TEST(QuotaWarning, a_shadow_bounds_nothing) {
  EXPECT_EQ(warnings("limits: [{count: 1, per: 1s, enforce: false}, 86401/day]", ""), Warnings{});
  EXPECT_EQ(warnings("limits: [{count: 1, per: 1s, enforce: false}]", ""),
            Warnings{"sinks.a enforces none of its limits: only concurrency 1000 holds it back"});
}

// 300/s x 86,400 s x 64 B
TEST(KeyMemoryWarning, says_how_much_is_needed) {
  EXPECT_EQ(warnings("limits: [300/1s]", ", key: json:/phone, key_limits: [1/1m, 10/24h]"),
            Warnings{"key_memory is 512MiB, and if every send is to a key of its own, 1583MiB are needed: "
                     "queues.q.key_limits 1583MiB"});
  EXPECT_EQ(warnings("limits: [300/1s]", ", key: json:/phone, key_limits: [1/1m, 10/24h]", "key_memory: 2GiB\n"),
            Warnings{});
  EXPECT_EQ(warnings("limits: [300/1s]", ", key: json:/phone, key_limits: [1/1m, 5/1h]"), Warnings{});
}

TEST(KeyMemoryWarning, adds_up_the_sets) {
  EXPECT_EQ(warnings("limits: [100/1s], key_limits: [10/12h]", ", key: json:/phone, key_limits: [9/12h]"),
            Warnings{"key_memory is 512MiB, and if every send is to a key of its own, 528MiB are needed: "
                     "sinks.a.key_limits 264MiB, queues.q.key_limits 264MiB"});
}

TEST(HoursWarning, that_never_meet) {
  const std::string day = "limits: [300/1s], hours: \"08:00-20:00\"";
  EXPECT_EQ(warnings(day, ", hours: \"20:00-08:00\""),
            Warnings{"queues.q.hours and those of sinks.a never overlap: nothing is ever sent"});
  EXPECT_EQ(warnings(day, ", hours: \"19:59-08:00\""), Warnings{});
  EXPECT_EQ(warnings(day, ", hours: \"20:00-08:00\", zone: Asia/Shanghai"), Warnings{});
  EXPECT_EQ(warnings(day, ", classes: {bulk: {hours: \"sat-sun 20:00-24:00\"}}"),
            Warnings{"queues.q.classes.bulk.hours and those of sinks.a never overlap: nothing of this class is ever "
                     "sent"});
  EXPECT_EQ(
      warnings("limits: [300/1s]", ", hours: \"mon-fri 08:00-20:00\", classes: {bulk: {hours: \"sat 08:00-12:00\"}}"),
      Warnings{"queues.q.classes.bulk.hours and those of queues.q never overlap: nothing of this class is ever "
               "sent"});
}

TEST(HoursWarning, a_zone_of_nothing) {
  EXPECT_EQ(warnings("limits: [300/1s], zone: Asia/Shanghai", ", classes: {bulk: {zone: Asia/Shanghai}}"),
            (Warnings{"sinks.a.zone has no effect without hours or closed",
                      "queues.q.classes.bulk.zone has no effect without hours or closed"}));
  EXPECT_EQ(warnings("limits: [300/1s], zone: Asia/Shanghai, closed: [{cron: \"0 2 * * *\", for: 1h}]", ""),
            Warnings{});
}

TEST(FloorWarning, of_a_class_that_is_never_behind) {
  EXPECT_EQ(warnings("limits: [300/1s]", ", classes: {otp: {priority: 0, floor: 5%}, bulk: {priority: 2, floor: 5%}}"),
            Warnings{"queues.q.classes.otp.floor has no effect: no class goes before it"});
  EXPECT_EQ(warnings("limits: [300/1s]", ", classes: {news: {floor: 5%}}"), Warnings{}) << "default is beside it";
  EXPECT_EQ(warnings("limits: [300/1s]", ", classes: {news: {floor: 5%}, default: {priority: 2}}").size(), 1u);
}

TEST(ThrottleWarning, of_keys_that_are_not_there) {
  EXPECT_EQ(warnings("limits: [300/1s], throttle_scope: key", ""),
            Warnings{"sinks.a.throttle_scope: no queue of it has a key, so a throttle closes the whole sink"});
  EXPECT_EQ(warnings("limits: [300/1s], throttle_scope: key", ", key: json:/phone"), Warnings{});
}

TEST(BreakerWarning, of_waits_in_the_wrong_order) {
  EXPECT_EQ(warnings("limits: [300/1s], breaker: {min_wait: 10s, max_wait: 5s}", ""),
            Warnings{"sinks.a.breaker: max_wait is below min_wait"});
}

TEST(LimitWarning, of_a_queue_that_its_concurrency_cannot_reach) {
  EXPECT_EQ(warnings("limits: [300/1s]", ", limits: [20k/1s]"),
            Warnings{"queues.q: limit 20000/1s cannot be reached when replies take longer than 50ms (concurrency "
                     "1000)"});
}

}  // namespace
}  // namespace forebay
