// Keys, costs and classes on the real process: from the request's headers and bodies to what holds a message back.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

class KeysTest : public ::testing::Test {
 public:
  KeysTest()
      : server_([](const EvilServer::Request&) { return EvilServer::answer(200); }),
        relay_("sinks:\n  s: {type: http, url: \"" + server_.url("/") +
               "\", limits: [100/1s], cost: json:/segments}\nqueues:\n"
               "  tenants: {sink: s, key: header:X-Tenant}\n"
               "  phones: {sink: s, key: json:/phone, classes: {otp: {priority: 0}}}\n") {}

  bool has_arrived(const std::string& body) const {
    const auto requests = server_.requests();
    return std::any_of(requests.begin(), requests.end(), [&](const auto& request) { return request.body == body; });
  }
  bool arrives(const std::string& body) const {
    return RunningRelay::eventually([&] { return has_arrived(body); });
  }
  std::string status(const std::string& id) const { return relay_.http("GET", "/v1/messages/" + id).body; }

  EvilServer server_;
  RunningRelay relay_;
};

TEST_F(KeysTest, APausedKeyHoldsItsOwnMessagesOnly) {
  ASSERT_TRUE(relay_.start()) << relay_.output();
  ASSERT_EQ(relay_.admin("POST", "/v1/queues/tenants/keys/acme%2F1:pause").status, 200);
  ASSERT_EQ(relay_.admin("POST", "/v1/queues/phones/keys/%2B49:pause").status, 200);
  const std::string by_header = relay_.publish("tenants", "held", "x-tenant: acme/1\r\nX-Tenant: other\r\n");
  const std::string by_name = relay_.publish("tenants", "held too", "X-Tenant: other\r\nForebay-Key: acme/1\r\n");
  const std::string by_body = relay_.publish("phones", R"({"phone": "+49"})");
  ASSERT_NE(relay_.publish("tenants", "free", "X-Tenant: other\r\n"), "");
  ASSERT_NE(relay_.publish("tenants", "none"), "");
  ASSERT_NE(relay_.publish("phones", "not json"), "");
  EXPECT_TRUE(arrives("free") && arrives("none") && arrives("not json"));
  for (const std::string& id : {by_header, by_name, by_body}) {
    EXPECT_NE(status(id).find("\"waiting_on\":{\"kind\":\"paused\""), std::string::npos) << status(id);
  }
  EXPECT_EQ(server_.arrivals(), 3);
  for (const auto& request : server_.requests()) EXPECT_EQ(request.header("X-Tenant"), "") << "it is not sent on";
  ASSERT_EQ(relay_.admin("POST", "/v1/queues/tenants/keys/acme%2F1:resume").status, 200);
  EXPECT_TRUE(arrives("held") && arrives("held too"));
  EXPECT_EQ(relay_.stop(), 0);
  // What was paused is, and what a message's key was as well.
  ASSERT_TRUE(relay_.start()) << relay_.output();
  EXPECT_NE(status(by_body).find("\"kind\":\"paused\""), std::string::npos) << status(by_body);
  ASSERT_EQ(relay_.admin("POST", "/v1/queues/phones/keys/%2B49:resume").status, 200);
  EXPECT_TRUE(arrives(R"({"phone": "+49"})"));
  EXPECT_EQ(relay_.stop(), 0);
}

TEST_F(KeysTest, APausedClassHoldsItsOwnMessagesOnly) {
  ASSERT_TRUE(relay_.start()) << relay_.output();
  ASSERT_EQ(relay_.admin("POST", "/v1/queues/phones/classes/otp:pause").status, 200);
  const std::string held = relay_.publish("phones", "code", "Forebay-Class: otp\r\n");
  ASSERT_NE(relay_.publish("phones", "news"), "");
  EXPECT_TRUE(arrives("news"));
  EXPECT_NE(status(held).find("\"kind\":\"paused\""), std::string::npos) << status(held);
  EXPECT_FALSE(has_arrived("code"));
  ASSERT_EQ(relay_.admin("POST", "/v1/queues/phones/classes/otp:resume").status, 200);
  EXPECT_TRUE(arrives("code"));
  EXPECT_EQ(relay_.admin("POST", "/v1/queues/phones/classes/opt:pause").status, 404);
  EXPECT_EQ(relay_.stop(), 0);
}

TEST_F(KeysTest, WhatCannotBeIsRefusedByName) {
  ASSERT_TRUE(relay_.start()) << relay_.output();
  const std::string path = "/v1/queues/phones/messages";
  const Reply klass = relay_.http("POST", path, "{}", "Forebay-Class: opt\r\n");
  EXPECT_EQ(klass.status, 422);
  EXPECT_NE(klass.body.find("it has default, otp"), std::string::npos) << klass.body;
  const Reply cost = relay_.http("POST", path, R"({"segments": 101})");
  EXPECT_EQ(cost.status, 422);
  EXPECT_NE(cost.body.find("cost-too-high"), std::string::npos) << cost.body;
  EXPECT_EQ(relay_.http("POST", path, R"({"segments": 100})").status, 202);
  EXPECT_EQ(relay_.http("POST", path, R"({"segments": "many"})").status, 202);
  EXPECT_EQ(relay_.metric("forebay_cost_misses_total{queue=\"phones\"}"), 1.0);
  EXPECT_EQ(relay_.stop(), 0);
}

// The history of a key outlives kill -9: what was delivered, and what was on its way when the process died.
TEST(KeyLimits, KillDoesNotForgetWhatAKeyHasSpent) {
  EvilServer server([](const EvilServer::Request& request) {
    if (request.body == "on its way") return EvilServer::Answer{"", EvilServer::Answer::Then::hang};
    return EvilServer::answer(200);
  });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") +
                     "\", timeout: 30s}\nqueues:\n"
                     "  q: {sink: s, key: header:X-Phone, key_limits: [1/1h]}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "first", "X-Phone: 1\r\n"), "");
  ASSERT_NE(relay.publish("q", "on its way", "X-Phone: 2\r\n"), "");
  const auto delivered = [&] {
    return relay.metric("forebay_attempts_total{outcome=\"delivered\",sink=\"s\"}").value_or(0);
  };
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 2 && delivered() == 1; }));
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string again = relay.publish("q", "second", "X-Phone: 1\r\n");
  ASSERT_NE(relay.publish("q", "other", "X-Phone: 3\r\n"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return delivered() == 1; })) << "of the other key";
  const std::string why = relay.http("GET", "/v1/messages/" + again).body;
  EXPECT_NE(why.find("\"waiting_on\":{\"kind\":\"key_limit\",\"name\":\"key:1/1h\""), std::string::npos) << why;
  EXPECT_EQ(server.arrivals(), 3) << "neither the first key's second nor the second key's again";
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
