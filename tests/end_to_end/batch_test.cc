// Several messages in one request, on a real process: limits count messages, one reply is for all.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

std::string batching(const std::string& url, const std::string& rest) {
  return "sinks:\n  s: {url: \"" + url + "\", " + rest +
         ", retry_budget: 100%}\nqueues:\n  q: {sink: s, retry: {max_attempts: 3, min_backoff: 10ms, max_backoff: "
         "20ms}}\n";
}

void publish(const RunningRelay& relay, int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "{\"body\": " + std::to_string(i) + "}\n";
  const Reply reply =
      relay.http("POST", "/v1/queues/q/messages:batch", lines, "Content-Type: application/x-ndjson\r\n");
  ASSERT_EQ(reply.status, 202) << reply.body;
}

double attempts(const RunningRelay& relay, const std::string& outcome) {
  return relay.metric("forebay_attempts_total{outcome=\"" + outcome + "\",sink=\"s\"}").value_or(0);
}

TEST(BatchProcess, joins_messages_and_each_is_sent_once) {
  EvilServer server([](const auto&) { return EvilServer::answer(200); });
  RunningRelay relay(batching(server.url(), "concurrency: 100, batch: {max: 25, linger: 50ms}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 110);
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "delivered") == 110; })) << relay.output();
  std::map<int, int> seen;
  size_t most = 0;
  for (const auto& request : server.requests()) {
    const Json body = Json::parse(request.body);
    most = std::max(most, body.size());
    for (const Json& item : body) ++seen[item.get<int>()];
  }
  EXPECT_EQ(most, 25u);
  EXPECT_LE(server.arrivals(), 20);
  for (int i = 0; i < 110; ++i) EXPECT_EQ(seen[i], 1) << i;
  EXPECT_EQ(relay.stop(), 0);
}

// One request that fails is one failure for the breaker; each message of it has spent an attempt.
TEST(BatchProcess, a_batch_that_fails_is_tried_again_and_opens_no_breaker_by_its_size) {
  std::atomic<int> requests = 0;
  EvilServer server([&](const auto&) { return EvilServer::answer(++requests == 1 ? 500 : 200); });
  RunningRelay relay(batching(
      server.url(), "concurrency: 100, batch: {max: 100, linger: 1s, format: ndjson}, breaker: {failures: 2}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 100);
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "delivered") == 100; })) << relay.output();
  EXPECT_GE(attempts(relay, "retry"), 2) << "the case was not met";
  EXPECT_EQ(relay.stop(), 0);
  relay.process().read_all();
  EXPECT_EQ(relay.output().find("breaker is open"), std::string::npos) << relay.output();
}

TEST(BatchProcess, a_batch_that_is_refused_dies_whole) {
  EvilServer server([](const auto&) { return EvilServer::answer(422, "not these"); });
  RunningRelay relay(batching(server.url(), "concurrency: 10, batch: {max: 10, linger: 1s}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 10);
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "dead") == 10; })) << relay.output();
  EXPECT_EQ(server.arrivals(), 1);
  const Json letters = json_of(relay.admin("GET", "/v1/queues/q/dead"))["letters"];
  ASSERT_EQ(letters.size(), 10u);
  for (const Json& letter : letters) EXPECT_NE(letter.dump().find("not these"), std::string::npos) << letter;
  EXPECT_EQ(relay.stop(), 0);
}

TEST(BatchProcess, what_waits_for_others_outlives_a_kill) {
  EvilServer server([](const auto&) { return EvilServer::answer(200); });
  RunningRelay relay(batching(server.url(), "batch: {max: 5, linger: 1m}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 4);
  const std::string in_flight = "forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"in_flight\"}";
  ASSERT_TRUE(RunningRelay::eventually([&] { return relay.metric(in_flight) == 4; })) << relay.output();
  relay.kill();
  EXPECT_EQ(server.arrivals(), 0);
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 1);
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "delivered") == 5; })) << relay.output();
  ASSERT_EQ(server.arrivals(), 1);
  Json bodies = Json::parse(server.requests()[0].body);
  std::sort(bodies.begin(), bodies.end());
  EXPECT_EQ(bodies, Json({0, 0, 1, 2, 3}));
  EXPECT_EQ(relay.stop(), 0);
}

// 20 messages in any second, however they are joined.
TEST(BatchProcess, limits_count_messages) {
  EvilServer server([](const auto&) { return EvilServer::answer(200); });
  RunningRelay relay(
      batching(server.url(), "limits: [20/1s], pace: off, concurrency: 100, batch: {max: 10, linger: 20ms}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  publish(relay, 70);
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "delivered") == 70; })) << relay.output();
  std::vector<std::chrono::steady_clock::time_point> arrivals;
  for (const auto& request : server.requests()) {
    for (size_t i = Json::parse(request.body).size(); i > 0; --i) arrivals.push_back(request.arrived);
  }
  std::sort(arrivals.begin(), arrivals.end());
  ASSERT_EQ(arrivals.size(), 70u);
  for (size_t i = 0; i + 20 < arrivals.size(); ++i) EXPECT_GE(arrivals[i + 20] - arrivals[i], std::chrono::seconds(1));
  EXPECT_LT(server.arrivals(), 40);
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
