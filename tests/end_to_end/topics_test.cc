// Topics on a real process: a copy for each queue, all of them or none, and subscriptions that come and go.
#include <gtest/gtest.h>

#include "tests/end_to_end/json_reply.h"

namespace forebay::testing {
namespace {

constexpr const char* two_queues =
    "queues:\n  a: {pull: true, max_messages: 3, classes: {fast: {priority: 0}}}\n  b: {pull: true}\n  c: {pull: "
    "true}\n"
    "topics:\n  t: {queues: [a, b]}\n  quiet: {}\n";

Reply publish(const RunningRelay& relay, const std::string& topic, const std::string& body,
              const std::string& headers = "") {
  return relay.http("POST", "/v1/topics/" + topic + "/messages", body, headers);
}

TEST(Topic, a_copy_is_durable_in_every_queue_or_in_none) {
  RunningRelay relay(two_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json accepted = json_of(publish(relay, "t", "one"), 202);
  ASSERT_EQ(accepted["copies"].size(), 2u);
  EXPECT_EQ(accepted["copies"][0]["queue"], "a");
  EXPECT_EQ(accepted["copies"][1]["queue"], "b");
  EXPECT_EQ(accepted["id"], accepted["copies"][0]["id"]);
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  for (const int i : {0, 1}) {
    const Json copy = accepted["copies"][static_cast<size_t>(i)];
    const Json message = Consumer(relay, copy["queue"]).one();
    EXPECT_EQ(message["id"], copy["id"]);
    EXPECT_EQ(message["body"], "one");
  }
  ASSERT_EQ(publish(relay, "t", "two").status, 202);
  ASSERT_EQ(publish(relay, "t", "three").status, 202);
  const Reply full = publish(relay, "t", "four");
  EXPECT_EQ(full.status, 503);
  EXPECT_NE(full.body.find("\\\"a\\\""), std::string::npos) << full.body;
  EXPECT_NE(full.headers.find("Retry-After"), std::string::npos);
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"b\",state=\"ready\"}"), 2);
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Topic, a_batch_answers_by_message) {
  RunningRelay relay(two_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string lines = "{\"body\":\"x\"}\n{\"body\":\"y\",\"class\":\"fast\"}\n";
  const std::string type = "Content-Type: application/x-ndjson\r\n";
  const Json accepted = json_of(relay.http("POST", "/v1/topics/t/messages:batch", lines, type), 202);
  EXPECT_EQ(accepted["accepted"], 2);
  ASSERT_EQ(accepted["messages"].size(), 2u);
  EXPECT_EQ(accepted["messages"][1]["copies"].size(), 2u);
  EXPECT_EQ(Consumer(relay, "a").one()["body"], "y") << "only a has the class; for b it is like any other";
  EXPECT_EQ(Consumer(relay, "b").one()["body"], "x");
  const Json nobody = json_of(relay.http("POST", "/v1/topics/quiet/messages:batch", lines, type), 202);
  EXPECT_EQ(nobody["accepted"], 2);
  EXPECT_TRUE(nobody["messages"][0]["copies"].empty());
  EXPECT_EQ(publish(relay, "t", "x", "Forebay-Class: none\r\n").status, 422);
  EXPECT_EQ(publish(relay, "none", "x").status, 404);
}

TEST(Topic, subscriptions_change_at_run_time_and_survive_kill_9_and_reload) {
  RunningRelay relay(two_queues);
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(json_of(relay.admin("PUT", "/v1/topics/t/subscriptions/c"))["changed"], 1);
  EXPECT_EQ(json_of(relay.admin("PUT", "/v1/topics/t/subscriptions/c"))["changed"], 0);
  EXPECT_EQ(json_of(relay.admin("DELETE", "/v1/topics/t/subscriptions/a"))["changed"], 1);
  const auto queues = [&] {
    std::string all;
    const Json accepted = json_of(publish(relay, "t", "x"), 202);
    for (const Json& copy : accepted["copies"]) all += copy.value("queue", "");
    return all;
  };
  EXPECT_EQ(queues(), "bc");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(queues(), "bc");
  EXPECT_EQ(relay.admin("POST", "/v1/config:reload").status, 200);
  EXPECT_EQ(queues(), "bc");
  const Json topics = json_of(relay.admin("GET", "/v1/status"))["topics"];
  EXPECT_EQ(topics[1]["name"], "t");
  EXPECT_EQ(topics[1]["queues"], Json({"b", "c"}));
  EXPECT_EQ(json_of(relay.admin("PUT", "/v1/topics/t/subscriptions/a"))["changed"], 1);
  EXPECT_EQ(queues(), "abc");
  EXPECT_EQ(relay.admin("PUT", "/v1/topics/none/subscriptions/a").status, 404);
  EXPECT_EQ(relay.admin("PUT", "/v1/topics/t/subscriptions/none").status, 404);
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
