// A config that is changed while messages run: broken files change nothing, a good one is in force at once, and nobody
// notices but by the limit.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/end_to_end/broken_configs.h"
#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

std::string config(const EvilServer& server) {
  return "sinks:\n  s:\n    type: http\n    url: " + server.url("/") +
         "\n    limits: [100/1s]\n    concurrency: 8\n    timeout: 5s\nqueues:\n  q: {sink: s}\n  kept: {sink: s}\n";
}

std::string content_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string swapped_text(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

// Counts what comes in any second, and what it was.
class Downstream {
 public:
  void take(const EvilServer::Request& request) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    while (!window_.empty() && now - window_.front() >= std::chrono::seconds(1)) window_.pop_front();
    window_.push_back(now);
    worst_ = std::max(worst_, window_.size());
    taken_.insert(request.body);
  }
  size_t taken() const { return bodies().size(); }
  std::multiset<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return taken_;
  }
  // The most in a second since it was last asked.
  size_t take_worst() {
    const std::lock_guard lock(mutex_);
    return std::exchange(worst_, 0);
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::chrono::steady_clock::time_point> window_;
  size_t worst_ = 0;
  std::multiset<std::string> taken_;
};

// Publishes on one connection for as long as it runs, and keeps a short backlog.
class Producer {
 public:
  Producer(uint16_t port, const Downstream& downstream)
      : thread_([this, port, &downstream] { run(port, downstream); }) {}
  ~Producer() { finish(); }

  void finish() {
    go_on_ = false;
    if (thread_.joinable()) thread_.join();
  }
  size_t accepted() const { return accepted_; }
  const std::string& trouble() const { return trouble_; }  // after finish()

 private:
  void run(uint16_t port, const Downstream& downstream) {
    constexpr size_t ahead = 200;
    RawClient client(port);
    while (go_on_) {
      if (accepted_ > downstream.taken() + ahead) {
        pause_briefly();
        continue;
      }
      const std::string body = "message " + std::to_string(accepted_);
      const bool sent = client.send("POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nContent-Length: " +
                                    std::to_string(body.size()) + "\r\n\r\n" + body);
      const auto response = sent ? client.read_response() : std::nullopt;
      if (!response || response->status != 202) {
        trouble_ = response ? response->body : "the connection was dropped";
        return;
      }
      ++accepted_;
    }
  }

  std::atomic<bool> go_on_ = true;
  std::atomic<size_t> accepted_ = 0;
  std::string trouble_;
  std::thread thread_;
};

class ReloadTest : public ::testing::Test {
 public:
  ReloadTest()
      : server_([this](const EvilServer::Request& request) {
          downstream_.take(request);
          return EvilServer::answer(200);
        }),
        relay_(config(server_)) {}

  double reload_success() const { return relay_.metric("forebay_config_reload_success").value_or(-1); }
  std::string sink() const { return relay_.admin("GET", "/v1/sinks/s").body; }
  bool more_comes(size_t count) {
    const size_t before = downstream_.taken();
    return RunningRelay::eventually([&] { return downstream_.taken() >= before + count; });
  }

  Downstream downstream_;
  EvilServer server_;
  RunningRelay relay_;
};

TEST_F(ReloadTest, FiftyKindsOfBrokenFileUnderLoadChangeNothing) {
  constexpr size_t limit = 100, new_limit = 300;
  ASSERT_TRUE(relay_.start()) << relay_.output();
  ASSERT_NE(relay_.publish("kept", "kept", "Forebay-Delay: 1h\r\n"), "");
  const std::string good = content_of(relay_.config_path());
  Producer producer(relay_.http_port(), downstream_);
  ASSERT_TRUE(more_comes(limit));
  const auto broken = broken_configs();
  EXPECT_GE(broken.size(), 50u);
  for (size_t i = 0; i < broken.size(); ++i) {
    SCOPED_TRACE(broken[i].name);
    broken[i].put(relay_.config_path(), good);
    if (i % 2 == 0) {
      const Reply reply = relay_.admin("POST", "/v1/config:reload");
      EXPECT_EQ(reply.status, 422) << reply.body;
      EXPECT_NE(reply.body.find("\"errors\":[{\"file\":"), std::string::npos) << reply.body;
    } else {
      relay_.process().signal(SIGHUP);
    }
    ASSERT_TRUE(relay_.process().wait_for("the config is not reloaded")) << relay_.output();
    EXPECT_EQ(reload_success(), 0);
    EXPECT_NE(sink().find("\"100/1s\""), std::string::npos) << sink();
  }
  ASSERT_TRUE(more_comes(2 * limit));
  EXPECT_LE(downstream_.take_worst(), limit);

  put_file(relay_.config_path(), swapped_text(good, "100/1s", "300/1s"));
  const Reply reply = relay_.admin("POST", "/v1/config:reload");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.body.find("\"applied\":[\""), std::string::npos) << reply.body;
  EXPECT_EQ(reload_success(), 1);
  EXPECT_NE(sink().find("\"300/1s\""), std::string::npos) << sink();
  ASSERT_TRUE(more_comes(3 * new_limit));
  const size_t worst = downstream_.take_worst();
  EXPECT_GT(worst, 2 * limit) << "the new limit is in force";
  EXPECT_LE(worst, new_limit);

  producer.finish();
  EXPECT_EQ(producer.trouble(), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return downstream_.taken() >= producer.accepted(); }));
  EXPECT_LE(server_.connections(), 8) << "connections to the sink live on";
  const auto delivered = downstream_.bodies();
  EXPECT_EQ(delivered.size(), producer.accepted()) << "each came once";
  for (size_t i = 0; i < producer.accepted(); ++i) {
    EXPECT_EQ(delivered.count("message " + std::to_string(i)), 1u) << i;
  }
  EXPECT_NE(relay_.admin("GET", "/v1/queues/kept").body.find("\"delayed\":1"), std::string::npos);
  EXPECT_EQ(relay_.stop(), 0);
}

TEST_F(ReloadTest, SinksAndQueuesComeAndGo) {
  EvilServer other([](const EvilServer::Request&) { return EvilServer::answer(200); });
  ASSERT_TRUE(relay_.start()) << relay_.output();
  ASSERT_NE(relay_.publish("q", "first"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return server_.arrivals() == 1; }));
  const std::string good = content_of(relay_.config_path());
  std::string changed = swapped_text(good, "  s:\n", "  other: {type: http, url: " + other.url("/") + "}\n  s:\n");
  changed = swapped_text(changed, "kept: {sink: s}", "more: {sink: other}");
  put_file(relay_.config_path(), swapped_text(changed, "q: {sink: s}", "q: {sink: other}"));
  relay_.process().signal(SIGHUP);
  ASSERT_TRUE(relay_.process().wait_for("the config is reloaded")) << relay_.output();
  EXPECT_EQ(relay_.http("POST", "/v1/queues/kept/messages", "x").status, 404);
  ASSERT_NE(relay_.publish("more", "second"), "");
  ASSERT_NE(relay_.publish("q", "third"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return other.arrivals() == 2; }));
  put_file(relay_.config_path(), good);
  EXPECT_EQ(relay_.admin("POST", "/v1/config:reload").status, 200);
  ASSERT_NE(relay_.publish("q", "fourth"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return server_.arrivals() == 2; }));
  EXPECT_EQ(relay_.admin("GET", "/v1/sinks/other").status, 404);
  EXPECT_EQ(relay_.stop(), 0);
}

TEST_F(ReloadTest, PinsAndPausesOutliveAKill) {
  ASSERT_TRUE(relay_.start()) << relay_.output();
  EXPECT_EQ(relay_.admin("PUT", "/v1/sinks/s/limits", R"({"limits": ["7/1s"], "concurrency": 3})").status, 200);
  EXPECT_EQ(relay_.admin("PUT", "/v1/sinks/s/limits", R"({"limits": ["0/1s"]})").status, 422);
  EXPECT_EQ(relay_.admin("POST", "/v1/queues/q/keys/%2B49%2F1:pause").status, 200);
  EXPECT_EQ(relay_.admin("POST", "/v1/queues/q/classes/default:pause").status, 200);
  relay_.kill();
  ASSERT_TRUE(relay_.start()) << relay_.output();
  EXPECT_NE(sink().find(R"("pinned":{"limits":["7/1s"],"concurrency":3})"), std::string::npos) << sink();
  EXPECT_NE(sink().find("\"7/1s\",\"effective\":7"), std::string::npos) << sink();
  EXPECT_EQ(relay_.admin("POST", "/v1/config:reload").status, 200);
  EXPECT_NE(sink().find("\"7/1s\",\"effective\":7"), std::string::npos) << sink();
  const std::string queue = relay_.admin("GET", "/v1/queues/q").body;
  EXPECT_NE(queue.find(R"("paused_keys":["+49/1"])"), std::string::npos) << queue;
  EXPECT_NE(queue.find("\"paused\":true"), std::string::npos) << queue;
  EXPECT_EQ(relay_.admin("DELETE", "/v1/sinks/s/limits").status, 200);
  EXPECT_NE(sink().find("\"pinned\":null"), std::string::npos) << sink();
  EXPECT_NE(sink().find("\"100/1s\",\"effective\":100"), std::string::npos) << sink();
  EXPECT_EQ(relay_.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
