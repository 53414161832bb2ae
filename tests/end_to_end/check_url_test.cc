// Held messages that nobody decided on, and the program that is asked about them, on real processes.
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

using Request = EvilServer::Request;

std::string queue_that_asks(const EvilServer& server, const std::string& more = "") {
  return "queues:\n  q: {pull: true, check_url: \"" + server.url("/check") +
         "\", retry: {max_attempts: 3, min_backoff: 5ms, max_backoff: 20ms}" + more + "}\n";
}

std::string state_of(const RunningRelay& relay, const std::string& id) {
  return json_of(relay.http("GET", "/v1/messages/" + id)).value("state", "");
}

EvilServer::Answer decide(const std::string& decision) {
  return EvilServer::answer(200, "{\"decision\":\"" + decision + "\"}", "Content-Type: application/json\r\n");
}

TEST(CheckUrl, decides_on_what_nobody_decided_in_time) {
  EvilServer server([](const Request& request) { return decide(request.body == "good" ? "commit" : "rollback"); });
  RunningRelay relay(queue_that_asks(server));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string hold = "Forebay-Hold: 50ms\r\nContent-Type: text/x-order\r\nForebay-Forward-X-Shop: 7\r\n";
  const std::string good = relay.publish("q", "good", hold), bad = relay.publish("q", "bad", hold);
  const Json message = Consumer(relay, "q").one();
  EXPECT_EQ(message["id"], good);
  EXPECT_TRUE(RunningRelay::eventually([&] { return state_of(relay, bad) == "cancelled"; }));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  for (const Request& request : requests) {
    EXPECT_TRUE(request.head.starts_with("POST /check ")) << request.head;
    EXPECT_EQ(request.header("Content-Type"), "text/x-order");
    EXPECT_EQ(request.header("X-Shop"), "7");
    EXPECT_EQ(request.header("Forebay-Attempt"), "1");
    EXPECT_EQ(request.id, request.body == "good" ? good : bad);
  }
}

TEST(CheckUrl, is_asked_again_while_it_does_not_know_and_then_the_default_holds) {
  std::atomic<int> asked = 0;
  EvilServer server([&](const Request&) {
    ++asked;
    return asked % 2 == 1 ? decide("unknown") : EvilServer::answer(500);
  });
  RunningRelay relay(queue_that_asks(server, ", hold_default: release"));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string id = relay.publish("q", "x", "Forebay-Hold: 10ms\r\n");
  EXPECT_EQ(Consumer(relay, "q").one()["id"], id);
  EXPECT_EQ(asked, 3) << "max_attempts";
  EXPECT_EQ(server.requests().back().header("Forebay-Attempt"), "3");
}

TEST(CheckUrl, what_is_decided_meanwhile_holds_and_kill_9_forgets_nobody) {
  std::atomic<bool> knows = false;
  EvilServer server([&](const Request&) { return knows ? decide("commit") : EvilServer::answer(503); });
  RunningRelay relay(queue_that_asks(server));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string released = relay.publish("q", "by hand", "Forebay-Hold: 1h\r\n");
  const std::string waits = relay.publish("q", "asked", "Forebay-Hold: 1s\r\n");
  ASSERT_EQ(relay.http("POST", "/v1/messages/" + released + ":release").status, 200);
  relay.kill();
  knows = true;
  ASSERT_TRUE(relay.start()) << relay.output();
  std::set<std::string> ids;
  while (ids.size() < 2) {
    const Json message = Consumer(relay, "q").one();
    ASSERT_TRUE(message.is_object());
    ids.insert(message["id"]);
  }
  EXPECT_EQ(ids, (std::set<std::string>{released, waits}));
  for (const Request& request : server.requests()) EXPECT_EQ(request.body, "asked");
}

TEST(CheckUrl, many_at_once_are_asked_about_a_few_at_a_time) {
  EvilServer server([](const Request&) { return decide("commit"); });
  RunningRelay relay(queue_that_asks(server));
  ASSERT_TRUE(relay.start()) << relay.output();
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "{\"body\":\"x\",\"hold\":\"1ms\"}\n";
  ASSERT_EQ(relay.http("POST", "/v1/queues/q/messages:batch", lines, "Content-Type: application/x-ndjson\r\n").status,
            202);
  size_t got = 0;
  while (got < 1000) {
    const Json messages = Consumer(relay, "q").lease(1000, "20s");
    ASSERT_FALSE(messages.empty());
    got += messages.size();
  }
  EXPECT_EQ(server.arrivals(), 1000);
  EXPECT_LE(server.connections(), 16 + 4) << "connections are kept and shared";
}

}  // namespace
}  // namespace forebay::testing
