// Held messages, reports of outcomes, and what gives way when a queue is full, on a real process.
#include <gtest/gtest.h>

#include <map>

#include "tests/end_to_end/json_reply.h"

namespace forebay::testing {
namespace {

std::string state_of(const RunningRelay& relay, const std::string& id) {
  return json_of(relay.http("GET", "/v1/messages/" + id)).value("state", "");
}

TEST(Hold, is_released_or_taken_back_and_outlives_kill_9) {
  RunningRelay relay("queues:\n  q: {pull: true}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string hold = "Forebay-Hold: 1h\r\n";
  const std::string goes = relay.publish("q", "goes", hold), gone = relay.publish("q", "gone", hold);
  const std::string waits = relay.publish("q", "waits", hold);
  const Consumer consumer(relay, "q");
  EXPECT_TRUE(consumer.lease(10).empty());
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json status = json_of(relay.http("GET", "/v1/messages/" + goes));
  EXPECT_EQ(status["state"], "held");
  EXPECT_EQ(status["waiting_on"]["kind"], "hold");
  EXPECT_TRUE(consumer.lease(10).empty());
  EXPECT_EQ(relay.http("POST", "/v1/messages/" + goes + ":release").status, 200);
  EXPECT_EQ(relay.http("DELETE", "/v1/messages/" + gone).status, 200);
  EXPECT_EQ(relay.http("POST", "/v1/messages/" + gone + ":release").status, 409);
  EXPECT_EQ(relay.http("POST", "/v1/messages/" + goes + ":release").status, 409);
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json message = consumer.one();
  EXPECT_EQ(message["id"], goes);
  EXPECT_EQ(message["attempt"], 1);
  EXPECT_TRUE(consumer.lease(10).empty());
  EXPECT_EQ(state_of(relay, waits), "held");
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"held\"}"), 1);
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Hold, undecided_it_goes_by_its_queues_default) {
  RunningRelay relay("queues:\n  drops: {pull: true}\n  releases: {pull: true, hold_default: release}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string dropped = relay.publish("drops", "x", "Forebay-Hold: 50ms\r\n");
  const std::string released = relay.publish("releases", "x", "Forebay-Hold: 50ms\r\n");
  EXPECT_EQ(Consumer(relay, "releases").one()["id"], released);
  EXPECT_TRUE(RunningRelay::eventually([&] { return state_of(relay, dropped) == "cancelled"; }));
  const Reply both = relay.http("POST", "/v1/queues/drops/messages", "x", "Forebay-Hold: 1s\r\nForebay-Delay: 1s\r\n");
  EXPECT_EQ(both.status, 422);
  EXPECT_EQ(relay.http("POST", "/v1/queues/drops/messages", "x", "Forebay-Hold: soon\r\n").status, 422);
}

// Takes reports until there are so many; by message.
std::map<std::string, Json> reports_of(const RunningRelay& relay, size_t count) {
  const Consumer consumer(relay, "o");
  std::map<std::string, Json> reports;
  while (reports.size() < count) {
    const Json report = consumer.one();
    if (!report.is_object()) break;
    EXPECT_TRUE(reports.emplace(report["body"].value("id", ""), report["body"]).second) << report;
    EXPECT_EQ(consumer.ack(report), "done");
  }
  EXPECT_TRUE(consumer.lease(10).empty());
  return reports;
}

TEST(Outcomes, every_end_is_reported_once_also_over_kill_9) {
  RunningRelay relay(
      "queues:\n  q: {pull: true, outcomes: o, retry: {max_attempts: 1}, supersede: true, key: 'header:X-Key'}\n"
      "  o: {pull: true}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  const std::string delivered = relay.publish("q", "x");
  ASSERT_EQ(consumer.ack(consumer.one()), "done");
  const std::string dead = relay.publish("q", "x");
  ASSERT_EQ(consumer.nack(consumer.one()), "done");
  const std::string expired = relay.publish("q", "x", "Forebay-TTL: 20ms\r\nForebay-Delay: 1h\r\n");
  const std::string cancelled = relay.publish("q", "x", "Forebay-Delay: 1h\r\n");
  ASSERT_EQ(relay.http("DELETE", "/v1/messages/" + cancelled).status, 200);
  const std::string superseded = relay.publish("q", "x", "X-Key: k\r\n");
  relay.publish("q", "x", "X-Key: k\r\n");
  ASSERT_TRUE(RunningRelay::eventually([&] { return state_of(relay, expired) == "expired"; }));
  relay.publish("q", "after it, so that all ends are synced");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  auto reports = reports_of(relay, 5);
  ASSERT_EQ(reports.size(), 5u);
  EXPECT_EQ(reports[delivered]["outcome"], "delivered");
  EXPECT_EQ(reports[delivered]["attempts"], 1);
  EXPECT_EQ(reports[dead]["outcome"], "dead");
  EXPECT_EQ(reports[dead]["reason"], "attempts exhausted: given back");
  EXPECT_EQ(reports[expired]["outcome"], "expired");
  EXPECT_EQ(reports[cancelled]["outcome"], "cancelled");
  EXPECT_EQ(reports[superseded]["outcome"], "superseded");
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Outcomes, what_the_report_queue_does_not_take_is_counted) {
  RunningRelay relay("queues:\n  q: {pull: true, outcomes: o}\n  o: {pull: true, max_messages: 1}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  for (int i = 0; i < 3; ++i) {
    relay.publish("q", "x");
    ASSERT_EQ(consumer.ack(consumer.one()), "done");
  }
  EXPECT_EQ(relay.metric("forebay_outcomes_dropped_total"), 2);
}

TEST(OnFull, the_oldest_or_the_lowest_gives_way) {
  RunningRelay relay(
      "queues:\n  oldest: {pull: true, max_messages: 3, on_full: drop_oldest, outcomes: o}\n"
      "  lowest: {pull: true, max_messages: 3, on_full: drop_lowest, outcomes: o,\n"
      "           classes: {high: {priority: 0}, low: {priority: 5}}}\n  o: {pull: true}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(relay.publish("oldest", std::to_string(i)));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(state_of(relay, ids[static_cast<size_t>(i)]), "cancelled");
  auto reports = reports_of(relay, 2);
  EXPECT_EQ(reports[ids[0]]["outcome"], "dropped");
  EXPECT_EQ(reports[ids[1]]["outcome"], "dropped");
  EXPECT_EQ(Consumer(relay, "oldest").one()["body"], "2");
  const std::string low = relay.publish("lowest", "low", "Forebay-Class: low\r\n");
  const std::string middle = relay.publish("lowest", "middle");
  const std::string high = relay.publish("lowest", "high", "Forebay-Class: high\r\n");
  EXPECT_EQ(relay.http("POST", "/v1/queues/lowest/messages", "x", "Forebay-Class: low\r\n").status, 503);
  ASSERT_NE(relay.publish("lowest", "high", "Forebay-Class: high\r\n"), "");
  EXPECT_EQ(state_of(relay, low), "cancelled") << "the lowest goes first";
  ASSERT_NE(relay.publish("lowest", "high", "Forebay-Class: high\r\n"), "");
  EXPECT_EQ(state_of(relay, middle), "cancelled");
  EXPECT_EQ(relay.http("POST", "/v1/queues/lowest/messages", "x", "Forebay-Class: high\r\n").status, 503);
  EXPECT_EQ(state_of(relay, high), "ready");
  EXPECT_EQ(relay.metric("forebay_dropped_messages_total"), 4);
}

}  // namespace
}  // namespace forebay::testing
