// Limits on the real process: across kill -9, and when a sink comes back to a backlog.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <mutex>
#include <set>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

// A gateway that refuses what is above its limit in a sliding window. Requests are counted when they are read, so
// between their sending and their reply.
class Gateway {
 public:
  Gateway(size_t count, std::chrono::milliseconds per) : count_(count), per_(per) {}

  EvilServer::Answer operator()(const EvilServer::Request& request) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    while (!window_.empty() && now - window_.front() >= per_) window_.pop_front();
    window_.push_back(now);
    worst_ = std::max(worst_, window_.size());
    if (window_.size() > count_) return ++refused_, EvilServer::answer(429, "", "Retry-After: 1\r\n");
    taken_.insert(request.body);
    return EvilServer::answer(200);
  }
  size_t taken() const {
    const std::lock_guard lock(mutex_);
    return taken_.size();
  }
  size_t worst() const {
    const std::lock_guard lock(mutex_);
    return worst_;
  }
  size_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  const size_t count_;
  const std::chrono::milliseconds per_;
  mutable std::mutex mutex_;
  std::deque<std::chrono::steady_clock::time_point> window_;
  size_t worst_ = 0, refused_ = 0;
  std::set<std::string> taken_;
};

void publish(const RunningRelay& relay, int from, int to) {
  for (int i = from; i < to; ++i) ASSERT_NE(relay.publish("q", "message " + std::to_string(i)), "");
}

// A zone in which it is about noon, so that no midnight comes in between.
std::string noon_zone() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  const int west = utc.tm_hour - 12;  // POSIX counts these zones to the west
  return "Etc/GMT" + std::string(west < 0 ? "-" : "+") + std::to_string(std::abs(west));
}

class Quota : public ::testing::TestWithParam<const char*> {};

TEST_P(Quota, kill_9_neither_resets_it_nor_shuts_it) {
  constexpr int concurrency = 4, ahead = 100 / 16, kills = 2;
  const std::string name = GetParam();
  const std::string limit =
      name == "100/day" ? "{count: 100, per: day, zone: " + noon_zone() + "}" : "{count: 100, per: 1h}";
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") + "\", limits: [" + limit +
                     "], pace: off, concurrency: 4}\nqueues:\n  q: {sink: s}\n");
  const auto used = [&] {
    return relay.metric("forebay_limit_utilization_ratio{limit=\"" + name + "\",sink=\"s\"}").value_or(0);
  };
  for (int round = 0; round < kills; ++round) {
    ASSERT_TRUE(relay.start()) << relay.output();
    const int before = server.arrivals();
    publish(relay, 30 * round, 30 * round + 30);
    ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() >= before + 30; })) << server.arrivals();
    relay.kill();
  }
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 60, 180);
  ASSERT_TRUE(RunningRelay::eventually([&] {
    return used() == 1 &&
           relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"in_flight\"}").value_or(1) == 0;
  })) << used();
  const int arrivals = server.arrivals();
  std::printf("%d arrivals of 100 across %d kills\n", arrivals, kills);
  EXPECT_LE(arrivals, 100);
  EXPECT_GE(arrivals, 100 - kills * (ahead + concurrency));
  // And after a stop in order.
  EXPECT_EQ(relay.stop(), 0);
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 180, 190);
  EXPECT_EQ(used(), 1);
  EXPECT_EQ(relay.stop(), 0);
  EXPECT_EQ(server.arrivals(), arrivals);
}

INSTANTIATE_TEST_SUITE_P(Limits, Quota, ::testing::Values("100/1h", "100/day"),
                         [](const auto& limit) { return std::string(limit.param).substr(4); });

TEST(Herd, a_backlog_that_waits_for_a_sink_to_come_back_stays_within_the_limit) {
  constexpr size_t messages = 250, limit = 100;
  Gateway gateway(limit, std::chrono::seconds(1));
  EvilServer server([&](const EvilServer::Request& request) { return gateway(request); });
  server.stop();
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") +
                     "\", limits: [100/1s], timeout: 2s, breaker: {failures: 0}}\nqueues:\n"
                     "  q: {sink: s, retry: {max_attempts: 100, min_backoff: 1s, max_backoff: 2s}}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 0, messages);
  const auto attempts = [&](const std::string& outcome) {
    return relay.metric("forebay_attempts_total{outcome=\"" + outcome + "\",sink=\"s\"}").value_or(0);
  };
  // Away until every message has failed and waits for another try, or is due for one.
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts("retry") >= 2 * messages; }, 30)) << attempts("retry");
  EXPECT_EQ(server.arrivals(), 0);
  server.restart();
  ASSERT_TRUE(RunningRelay::eventually([&] { return gateway.taken() == messages; }, 30)) << gateway.taken();
  EXPECT_LE(gateway.worst(), limit);
  EXPECT_EQ(gateway.refused(), 0u);
  EXPECT_EQ(relay.stop(), 0);
  EXPECT_EQ(server.arrivals(), static_cast<int>(messages));
}

// The breaker spares the messages their attempts, and the sink the herd. (Not to the letter: before it opens a message
// may fail several times.)
TEST(Herd, a_breaker_holds_a_backlog_until_its_sink_is_back) {
  constexpr size_t messages = 400, limit = 100;
  Gateway gateway(limit, std::chrono::seconds(1));
  EvilServer server([&](const EvilServer::Request& request) { return gateway(request); });
  server.stop();
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") +
                     "\", limits: [100/1s], timeout: 2s, breaker: {max_wait: 2s}}\nqueues:\n"
                     "  q: {sink: s, retry: {max_attempts: 10, min_backoff: 50ms, max_backoff: 100ms}}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 0, messages);
  const auto open = [&] { return relay.metric("forebay_sink_state{sink=\"s\",state=\"breaker\"}").value_or(0) == 1; };
  ASSERT_TRUE(RunningRelay::eventually(open, 30));
  server.restart();
  ASSERT_TRUE(RunningRelay::eventually([&] { return gateway.taken() == messages; }, 30)) << gateway.taken();
  EXPECT_LE(gateway.worst(), limit);
  EXPECT_EQ(gateway.refused(), 0u);
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
