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
  config.sinks["gateway"].limits.push_back(limit);
  config.sinks["mail"].name = "mail";
  return config;
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
      "forebay_sink_state gauge",
      "forebay_limit_utilization_ratio gauge",
      "forebay_limit_effective gauge",
      "forebay_limit_blocked_seconds_total counter",
      "forebay_journal_sync_seconds histogram",
      "forebay_journal_group_size histogram",
      "forebay_journal_bytes gauge",
      "forebay_journal_written_bytes_total counter",
      "forebay_journal_torn_tails_total counter",
      "forebay_journal_quarantined_segments gauge",
      "forebay_disk_free_bytes gauge",
      "forebay_loop_lag_seconds histogram",
      "forebay_config_reload_success gauge",
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
  EXPECT_TRUE(has_line(text, R"(forebay_journal_bytes{kind="free"} 0)"));
  EXPECT_TRUE(has_line(text, R"(forebay_build_info{version="0.1.0"} 1)"));
  EXPECT_TRUE(has_line(text, "forebay_config_reload_success 1"));
}

TEST(Metrics, HandlesBelongToTheirNames) {
  Metrics metrics(two_of_each(), "0.1.0");
  metrics.queue(1).accepted->Increment(3);  // "sms": the config's map is in order of names
  metrics.queue(0).refused[QueueMetrics::Refusal::disk_full]->Increment();
  metrics.queue(1).dead_letters[QueueMetrics::Death::max_age]->Increment();
  metrics.queue(1).backlog_messages[QueueMetrics::State::in_flight]->Set(7);
  metrics.sink(0).attempts[Outcome::Kind::sink_fault]->Increment(2);
  metrics.sink(0).limits[0].utilization_ratio->Set(0.5);
  metrics.sink(1).set_state(SinkMetrics::State::breaker);
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

TEST(Metrics, NeverIsPlusInf) {
  Metrics metrics(two_of_each(), "0.1.0");
  metrics.queue(0).drain_seconds->Set(std::numeric_limits<double>::infinity());
  metrics.queue(1).drain_seconds->Set(std::nan(""));
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_drain_seconds{queue="email"} +Inf)"));
  // Any case of "nan" is a NaN to Prometheus, whose parser is Go's strconv.ParseFloat.
  EXPECT_TRUE(has_line(text, R"(forebay_backlog_drain_seconds{queue="sms"} Nan)"));
}

TEST(Metrics, DelayBucketsReachFrom5MillisecondsTo24Hours) {
  Metrics metrics(two_of_each(), "0.1.0");
  metrics.queue(1).delivery_delay_seconds->Observe(0.005);
  metrics.queue(1).delivery_delay_seconds->Observe(90'000);
  const std::string text = metrics.text();
  const std::string head = R"(forebay_delivery_delay_seconds_bucket{class="default",queue="sms",le=")";
  EXPECT_TRUE(has_line(text, head + "0.005\"} 1"));
  EXPECT_TRUE(has_line(text, head + "86400\"} 1"));
  EXPECT_TRUE(has_line(text, head + "+Inf\"} 2"));
}

TEST(Metrics, LargeCountsKeepEveryDigit) {
  Metrics metrics(two_of_each(), "0.1.0");
  metrics.queue(0).accepted->Increment(9'007'199'254'740'991.0);  // 2^53 - 1
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
    metrics.queue(0).accepted->Increment();
    metrics.loop_lag_seconds->Observe(0.001);
  }
  printer.join();
  second_printer.join();
  EXPECT_EQ(metrics.queue(0).accepted->Value(), 10'000);
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
