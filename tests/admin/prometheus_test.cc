// A real Prometheus, with the shipped scrape config, scrapes a real admin door; every query of the shipped
// dashboard is then put to it. The metrics behind the door move as if messages flowed, so that every panel
// has something to show: a query with a label that does not exist would come back empty.
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "relay/metrics.h"
#include "tests/admin/dashboard.h"
#include "tests/admin/fakes.h"
#include "tests/admin/running_door.h"
#include "tests/support/process.h"

namespace forebay {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

template <typename Words>
void bump_all(const Words& words) {
  for (auto* each : words) each->Increment(5);
}

// One scrape interval's worth of life.
void pass_traffic(Metrics& metrics) {
  for (const char* name : {"email", "sms"}) {
    const QueueMetrics& q = *metrics.find_queue(name);
    for (const auto& [klass, m] : q.classes) {
      m.accepted->Increment(100);
      m.delivered->Increment(50);
      m.delivery_delay_seconds->Observe(0.3);
      for (auto* each : m.backlog_messages) each->Set(10);
    }
    q.retries->Increment(2);
    bump_all(q.refused);
    bump_all(q.dead_letters);
    q.oldest_age_seconds->Set(3);
    q.drain_seconds->Set(20);
  }
  for (const char* name : {"gateway", "mail"}) {
    const SinkMetrics& sink = *metrics.find_sink(name);
    bump_all(sink.attempts);
    sink.downstream_seconds->Observe(0.02);
    for (const LimitMetrics& limit : sink.limits) {
      if (limit.blocked_seconds != nullptr) limit.blocked_seconds->Increment(0.5);
      if (limit.exceeded != nullptr) limit.exceeded->Increment();
      if (limit.quota_remaining != nullptr) limit.quota_remaining->Set(700);
    }
  }
  metrics.eta_error_seconds->Observe(0.4);
  metrics.flows->Set(12);
  metrics.key_memory_bytes->Set(4096);
  metrics.superseded->Increment();
  metrics.expired->Increment();
  metrics.cancelled->Increment();
  metrics.loop_lag_seconds->Observe(0.0002);
  metrics.journal().sync_seconds->Observe(0.001);
  metrics.journal().group_size->Observe(12);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("the shipped config does not say " + what);
  return text.replace(at, what.size(), with);
}

class PrometheusTest : public ::testing::Test {
 protected:
  PrometheusTest() : metrics_(sample_config(), "0.1.0"), door_(view_, [this] { return scraped(); }) {
    std::string config = source_file("dashboards/prometheus/prometheus.yml");
    config = replaced(config, "127.0.0.1:7071", "127.0.0.1:" + std::to_string(door_.port()));
    config = replaced(config, "scrape_interval: 5s", "scrape_interval: 1s");
    config = replaced(config, "scrape_timeout: 4s", "scrape_timeout: 1s");
    const std::string file = folder_.write("prometheus.yml", config);
    prometheus_ = std::make_unique<testing::Process>(std::vector<std::string>{
        "prometheus", "--config.file=" + file, "--storage.tsdb.path=" + folder_.path() + "/data",
        "--web.listen-address=127.0.0.1:0"});
  }

  std::string scraped() {
    pass_traffic(metrics_);
    std::string text = metrics_.text();
    {
      std::lock_guard lock(mutex_);
      scrapes_++;
    }
    changed_.notify_all();
    return text;
  }
  int scrapes() {
    std::lock_guard lock(mutex_);
    return scrapes_;
  }
  bool wait_for_scrapes(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(30), [&] { return scrapes_ >= count; });
  }

  // Where Prometheus listens, from its log: it was told to take any free port.
  std::string address() {
    const std::string mark = "msg=\"Listening on\" address=";
    const auto line = prometheus_->wait_for(mark, seconds(30));
    return line ? line->substr(line->find(mark) + mark.size()) : std::string();
  }

  Json get(const std::string& path, const std::string& query = {}) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
    std::string url = "http://" + address_ + path;
    if (!query.empty()) {
      char* escaped = curl_easy_escape(curl.get(), query.c_str(), static_cast<int>(query.size()));
      url += std::string("?query=") + escaped;
      curl_free(escaped);
    }
    std::string body;
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(
        curl.get(), CURLOPT_WRITEFUNCTION, +[](char* data, size_t, size_t n, void* to) {
          static_cast<std::string*>(to)->append(data, n);
          return n;
        });
    const CURLcode code = curl_easy_perform(curl.get());
    return code == CURLE_OK ? Json::parse(body, nullptr, false) : Json{{"error", curl_easy_strerror(code)}};
  }

  // The result of a query; asked again after each scrape until it has one, for what was scraped is seen a
  // moment later.
  Json result_of(const std::string& expr) {
    Json answer;
    for (int tries = 0; tries < 10; tries++) {
      answer = get("/api/v1/query", expr);
      if (answer.value("status", "") != "success") return answer;
      if (!answer["data"]["result"].empty()) return answer["data"]["result"];
      if (!wait_for_scrapes(scrapes() + 1)) return answer;
    }
    return answer;
  }

  Metrics metrics_;
  FakeView view_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int scrapes_ = 0;
  RunningDoor door_;
  testing::TempDir folder_;
  std::unique_ptr<testing::Process> prometheus_;
  std::string address_;
};

TEST_F(PrometheusTest, ScrapesTheDoorAndAnswersEveryPanel) {
  address_ = address();
  ASSERT_FALSE(address_.empty()) << prometheus_->output();
  ASSERT_TRUE(wait_for_scrapes(3)) << prometheus_->output();

  const Json up = result_of("up{job=\"forebay\"}");
  ASSERT_EQ(up.size(), 1u) << up;
  EXPECT_EQ(up[0]["value"][1], "1");
  const Json target = get("/api/v1/targets")["data"]["activeTargets"].at(0);
  EXPECT_EQ(target["health"], "up") << target;
  EXPECT_EQ(target["lastError"], "");

  const Json dashboard = Json::parse(source_file("dashboards/grafana/overview.json"));
  int asked = 0;
  for (const auto& [panel, expr] : queries_of(dashboard)) {
    if (expr.starts_with("changes(")) continue;  // shows restarts, and there is none
    const Json result = result_of(filled_in(expr));
    ASSERT_TRUE(result.is_array() && !result.empty()) << panel << ": " << expr << "\n" << result;
    for (const Json& series : result) EXPECT_NE(series["value"][1], "NaN") << panel << ": " << expr;
    asked++;
  }
  EXPECT_GT(asked, 35);
  EXPECT_EQ(get("/api/v1/query", "changes(process_start_time_seconds[1m]) > 0").value("status", ""), "success");
}

}  // namespace
}  // namespace forebay
