#include "relay/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>
#include <thread>

#include "tests/relay/big_config.h"

namespace forebay {
namespace {

Config two_of_each() {
  Config config;
  for (const char* name : {"email", "sms"}) config.queues[name] = {.name = name, .sink = "gateway"};
  config.queues["sms"].ttl = Duration::minutes(5);
  config.sinks["gateway"].name = "gateway";
  config.sinks["gateway"].concurrency = 60;
  LimitConfig limit;
  limit.name = "300/1s";
  limit.count = 300;
  config.sinks["gateway"].limits = {limit, {.name = "try", .count = 9, .enforce = false}};
  config.sinks["gateway"].limits.push_back({.kind = LimitConfig::Kind::calendar, .name = "1000/day", .count = 1000});
  config.sinks["gateway"].key_limits.push_back({.name = "key:5/1h", .count = 5});
  config.sinks["mail"].name = "mail";
  QueueConfig& sms = config.queues["sms"];
  sms.classes["otp"] = {.name = "otp", .ttl = Duration::seconds(30)};
  sms.limits.push_back({.name = "50/1s", .count = 50});
  sms.key_limits.push_back({.name = "key:1/1m", .count = 1});
  return config;
}

const ClassMetrics& lane(const Metrics& metrics, const std::string& queue, const std::string& klass = "default") {
  return metrics.find_queue(queue)->of_class(klass);
}

bool has_line(const std::string& text, const std::string& line) {
  return text.starts_with(line + "\n") || text.find("\n" + line + "\n") != std::string::npos;
}

// Families in the text, with their types, as promised by the contract's list of names.
std::set<std::string> families(const std::string& text) {
  std::set<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) found.insert(line.substr(7));
  }
  return found;
}

TEST(Metrics, ExportsEveryNameOfTheContractThatExistsSoFar) {
  Metrics metrics(two_of_each(), "0.1.0");
  const std::set<std::string> expected = {
      "forebay_accepted_messages_total counter",
      "forebay_refused_messages_total counter",
      "forebay_delivered_messages_total counter",
      "forebay_expired_messages_total counter",
      "forebay_superseded_messages_total counter",
      "forebay_cancelled_messages_total counter",
      "forebay_retries_total counter",
      "forebay_dead_letters_total counter",
      "forebay_backlog_messages gauge",
      "forebay_backlog_bytes gauge",
      "forebay_backlog_max_messages gauge",
      "forebay_backlog_oldest_age_seconds gauge",
      "forebay_backlog_drain_seconds gauge",
      "forebay_ttl_seconds gauge",
      "forebay_dead_letters_dropped_total counter",
      "forebay_delivery_delay_seconds histogram",
      "forebay_attempts_total counter",
      "forebay_downstream_seconds histogram",
      "forebay_eta_error_seconds histogram",
      "forebay_flows gauge",
      "forebay_key_memory_bytes gauge",
      "forebay_cost_misses_total counter",
      "forebay_sink_state gauge",
      "forebay_limit_utilization_ratio gauge",
      "forebay_deduplicated_messages_total counter",
      "forebay_dropped_messages_total counter",
      "forebay_outcomes_dropped_total counter",
      "forebay_stream_readers gauge",
      "forebay_stream_events_total counter",
      "forebay_stream_readers_dropped_total counter",
      "forebay_tls_handshakes_total counter",
      "forebay_limit_effective gauge",
      "forebay_limit_blocked_seconds_total counter",
      "forebay_limit_exceeded_total counter",
      "forebay_quota_remaining gauge",
      "forebay_journal_sync_seconds histogram",
      "forebay_journal_group_size histogram",
      "forebay_journal_bytes gauge",
      "forebay_journal_written_bytes_total counter",
      "forebay_journal_torn_tails_total counter",
      "forebay_journal_quarantined_segments gauge",
      "forebay_disk_free_bytes gauge",
      "forebay_loop_lag_seconds histogram",
      "forebay_config_reload_success gauge",
      "forebay_config_last_reload_seconds gauge",
      "forebay_build_info gauge",
      "process_cpu_seconds_total counter",
      "process_open_fds gauge",
      "process_max_fds gauge",
      "process_virtual_memory_bytes gauge",
      "process_resident_memory_bytes gauge",
      "process_start_time_seconds gauge",
  };
  EXPECT_EQ(families(metrics.text()), expected);
}

TEST(Metrics, EverySeriesIsThereFromTheStart) {
  Metrics metrics(two_of_each(), "0.1.0");
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, R"(forebay_accepted_messages_total{class="default",queue="sms"} 0)")) << text;
  EXPECT_TRUE(has_line(text, R"(forebay_refused_messages_total{queue="email",reason="stopping"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_dead_letters_total{queue="sms",reason="unreadable"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_messages{class="default",queue="sms",state="dead"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_max_messages{queue="sms"} 10000000)"));
  EXPECT_TRUE(has_line(text, R"(forebay_ttl_seconds{class="default",queue="sms"} 300)"));
  EXPECT_TRUE(has_line(text, R"(forebay_ttl_seconds{class="default",queue="email"} +Inf)"));
  EXPECT_TRUE(has_line(text, R"(forebay_dead_letters_dropped_total{queue="sms",reason="ttl"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_attempts_total{outcome="unanswered",sink="mail"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_sink_state{sink="mail",state="open"} 1)"));
  EXPECT_TRUE(has_line(text, R"(forebay_sink_state{sink="mail",state="breaker"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_limit_effective{limit="300/1s",sink="gateway"} 300)"));
  EXPECT_TRUE(has_line(text, R"(forebay_limit_effective{limit="concurrency",sink="gateway"} 60)"));
  EXPECT_TRUE(has_line(text, R"(forebay_limit_blocked_seconds_total{limit="concurrency",sink="mail"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_refused_messages_total{queue="sms",reason="keys_full"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_journal_bytes{kind="free"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_build_info{version="0.1.0"} 1)"));
  EXPECT_TRUE(has_line(text, "forebay_config_reload_success 1"));
}

TEST(Metrics, HandlesBelongToTheirNames) {
  Metrics metrics(two_of_each(), "0.1.0");
  lane(metrics, "sms").accepted->Increment(3);
  metrics.find_queue("email")->refused[QueueMetrics::Refusal::disk_full]->Increment();
  metrics.find_queue("sms")->dead_letters[QueueMetrics::Death::max_age]->Increment();
  lane(metrics, "sms").backlog_messages[ClassMetrics::State::in_flight]->Set(7);
  metrics.find_sink("gateway")->attempts[Outcome::Kind::sink_fault]->Increment(2);
  metrics.find_sink("gateway")->limits[0].utilization_ratio->Set(0.5);
  metrics.find_sink("mail")->set_state(SinkMetrics::State::breaker);
  metrics.journal().bytes[JournalMetrics::Kind::dead]->Set(4096);
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, R"(forebay_accepted_messages_total{class="default",queue="sms"} 3)"));
  EXPECT_TRUE(has_line(text, R"(forebay_refused_messages_total{queue="email",reason="disk_full"} 1)"));
  EXPECT_TRUE(has_line(text, R"(forebay_dead_letters_total{queue="sms",reason="max_age"} 1)"));
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_messages{class="default",queue="sms",state="in_flight"} 7)"));
  EXPECT_TRUE(has_line(text, R"(forebay_attempts_total{outcome="sink_fault",sink="gateway"} 2)"));
  EXPECT_TRUE(has_line(text, R"(forebay_limit_utilization_ratio{limit="300/1s",sink="gateway"} 0.5)"));
  EXPECT_TRUE(has_line(text, R"(forebay_sink_state{sink="mail",state="open"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_sink_state{sink="mail",state="breaker"} 1)"));
  EXPECT_TRUE(has_line(text, R"(forebay_journal_bytes{kind="dead"} 4096)"));
}

TEST(Metrics, EachClassOfAQueueHasItsSeries) {
  Metrics metrics(two_of_each(), "0.1.0");
  lane(metrics, "sms", "otp").accepted->Increment(2);
  lane(metrics, "sms", "left the config").accepted->Increment();
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, R"(forebay_accepted_messages_total{class="otp",queue="sms"} 2)"));
  EXPECT_TRUE(has_line(text, R"(forebay_accepted_messages_total{class="default",queue="sms"} 1)"));
  EXPECT_TRUE(has_line(text, R"(forebay_delivered_messages_total{class="otp",queue="sms"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_messages{class="otp",queue="sms",state="ready"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_delivery_delay_seconds_count{class="otp",queue="sms"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_ttl_seconds{class="otp",queue="sms"} 30)"));
}

TEST(Metrics, EachLimitHasTheFiguresOfItsKind) {
  Metrics metrics(two_of_each(), "0.1.0");
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, R"(forebay_limit_exceeded_total{limit="try",sink="gateway"} 0)")) << text;
  EXPECT_EQ(text.find(R"(forebay_limit_exceeded_total{limit="300/1s")"), std::string::npos);
  EXPECT_EQ(text.find(R"(forebay_limit_blocked_seconds_total{limit="try")"), std::string::npos);
  EXPECT_TRUE(has_line(text, R"(forebay_quota_remaining{limit="1000/day",sink="gateway"} 0)"));
  EXPECT_EQ(text.find(R"(forebay_quota_remaining{limit="300/1s")"), std::string::npos);
  EXPECT_TRUE(has_line(text, R"(forebay_limit_effective{limit="queue sms: 50/1s",sink="gateway"} 50)"));
  EXPECT_TRUE(has_line(text, R"(forebay_limit_effective{limit="queue sms: key:1/1m",sink="gateway"} 1)"));
  EXPECT_TRUE(has_line(text, R"(forebay_limit_blocked_seconds_total{limit="key:5/1h",sink="gateway"} 0)"));
  EXPECT_EQ(text.find(R"(forebay_limit_utilization_ratio{limit="key:5/1h")"), std::string::npos);
}

TEST(Metrics, AfterAReloadSeriesAreThoseOfTheConfig) {
  Metrics metrics(two_of_each(), "0.1.0");
  metrics.find_queue("sms")->retries->Increment(4);
  lane(metrics, "sms").accepted->Increment(3);
  Config config = two_of_each();
  config.queues["sms"].classes = {{"news", {.name = "news"}}};
  config.queues["sms"].sink = "mail";
  config.queues.erase("email");
  config.sinks["gateway"].limits[1].enforce = true;
  config.sinks["gateway"].key_limits.clear();
  metrics.follow(config);
  const std::string text = metrics.text();
  EXPECT_EQ(text.find(R"(class="otp")"), std::string::npos) << text;
  EXPECT_TRUE(has_line(text, R"(forebay_accepted_messages_total{class="news",queue="sms"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_accepted_messages_total{class="default",queue="sms"} 3)"));
  EXPECT_TRUE(has_line(text, R"(forebay_retries_total{queue="sms"} 4)"));
  EXPECT_TRUE(has_line(text, R"(forebay_retries_total{queue="email"} 0)")) << "it may come back";
  EXPECT_EQ(text.find(R"(limit="queue sms: 50/1s",sink="gateway")"), std::string::npos);
  EXPECT_TRUE(has_line(text, R"(forebay_limit_effective{limit="queue sms: 50/1s",sink="mail"} 50)"));
  EXPECT_EQ(text.find(R"(forebay_limit_exceeded_total{)"), std::string::npos);
  EXPECT_TRUE(has_line(text, R"(forebay_limit_blocked_seconds_total{limit="try",sink="gateway"} 0)"));
  EXPECT_EQ(text.find(R"(limit="key:5/1h")"), std::string::npos);
  EXPECT_TRUE(has_line(text, R"(forebay_limit_effective{limit="concurrency",sink="gateway"} 60)"));
}

TEST(Metrics, NeverIsPlusInf) {
  Metrics metrics(two_of_each(), "0.1.0");
  metrics.find_queue("email")->drain_seconds->Set(std::numeric_limits<double>::infinity());
  metrics.find_queue("sms")->drain_seconds->Set(std::nan(""));
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_drain_seconds{queue="email"} +Inf)"));
  // Any case of "nan" is a NaN to Prometheus, whose parser is Go's strconv.ParseFloat.
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_drain_seconds{queue="sms"} Nan)"));
}

TEST(Metrics, DelayBucketsReachFrom5MillisecondsTo24Hours) {
  Metrics metrics(two_of_each(), "0.1.0");
  lane(metrics, "sms").delivery_delay_seconds->Observe(0.005);
  lane(metrics, "sms").delivery_delay_seconds->Observe(90'000);
  const std::string text = metrics.text();
  const std::string head = R"(forebay_delivery_delay_seconds_bucket{class="default",queue="sms",le=")";
  EXPECT_TRUE(has_line(text, head + "0.005\"} 1"));
  EXPECT_TRUE(has_line(text, head + "86400\"} 1"));
  EXPECT_TRUE(has_line(text, head + "+Inf\"} 2"));
}

TEST(Metrics, LargeCountsKeepEveryDigit) {
  Metrics metrics(two_of_each(), "0.1.0");
  lane(metrics, "email").accepted->Increment(9'007'199'254'740'991.0);  // 2^53 - 1
  EXPECT_TRUE(
      has_line(metrics.text(), R"(forebay_accepted_messages_total{class="default",queue="email"} 9007199254740991)"));
}

TEST(Metrics, NamesAreEscaped) {
  Config config;
  config.queues["a\"b\\c"] = {};
  Metrics metrics(config, "0.1.0");
  EXPECT_NE(metrics.text().find(R"(forebay_backlog_bytes{queue="a\"b\\c"} 0)"), std::string::npos);
}

TEST(Metrics, RaiseToNeverGoesBack) {
  Metrics metrics(two_of_each(), "0.1.0");
  raise_to(*metrics.journal().torn_tails, 3);
  raise_to(*metrics.journal().torn_tails, 2);
  EXPECT_EQ(metrics.journal().torn_tails->Value(), 3);
}

TEST(Metrics, CountingGoesOnWhileOtherThreadsPrint) {
  Metrics metrics(two_of_each(), "0.1.0");
  auto print = [&] {
    for (int i = 0; i < 50; i++) EXPECT_FALSE(metrics.text().empty());
  };
  std::thread printer(print), second_printer(print);
  for (int i = 0; i < 10'000; i++) {
    lane(metrics, "email").accepted->Increment();
    metrics.loop_lag_seconds->Observe(0.001);
  }
  printer.join();
  second_printer.join();
  EXPECT_EQ(lane(metrics, "email").accepted->Value(), 10'000);
}

TEST(Metrics, TwoHundredQueuesAndSinksPrintInTime) {
  Metrics metrics(many_queues_and_sinks(200), "0.1.0");
  double best_ms = 1e9;
  size_t bytes = 0;
  for (int i = 0; i < 7; i++) {
    const auto begin = std::chrono::steady_clock::now();
    bytes = metrics.text().size();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    best_ms = std::min(best_ms, took.count());
  }
  std::printf("text of 200 queues and 200 sinks: %zu bytes in %.1f ms (best of 7)\n", bytes, best_ms);
  RecordProperty("text_ms", std::to_string(best_ms));
  EXPECT_GT(bytes, 1'000'000u);
}

}  // namespace
}  // namespace forebay
