// The main job on a real process: a burst in, durable; out to a downstream; nothing lost on the way.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <map>
#include <set>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

EvilServer::Script always(int status, std::string headers = "") {
  return [=](const EvilServer::Request&) { return EvilServer::answer(status, "", headers); };
}

std::string to(const EvilServer& server, const std::string& sink = "", const std::string& queue = "") {
  return "sinks:\n  s: {type: http, url: \"" + server.url("/send") + "\"" + (sink.empty() ? "" : ", " + sink) +
         "}\nqueues:\n  q: {sink: s" + (queue.empty() ? "" : ", " + queue) + "}\n";
}

TEST(MainJob, a_burst_arrives_whole_and_once) {
  EvilServer server(always(200));
  RunningRelay relay(to(server));
  ASSERT_TRUE(relay.start()) << relay.output();
  std::map<std::string, std::string> sent;  // id -> body
  for (int i = 0; i < 300; ++i) {
    const std::string body = "body " + std::to_string(i) + std::string(i, '\0');
    const std::string id = relay.publish("q", body, "Content-Type: text/x-test\r\nForebay-Forward-X-Shop: 7\r\n");
    ASSERT_EQ(id.size(), 26u);
    sent[id] = body;
  }
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() >= 300; }));
  ASSERT_TRUE(RunningRelay::eventually([&] {
    return relay.metric("forebay_delivered_messages_total{class=\"default\",queue=\"q\"}").value_or(0) == 300;
  }));
  EXPECT_EQ(server.arrivals(), 300);
  for (const EvilServer::Request& request : server.requests()) {
    ASSERT_TRUE(sent.contains(request.id));
    EXPECT_EQ(request.body, sent[request.id]);
    EXPECT_EQ(request.header("Forebay-Attempt"), "1");
    EXPECT_EQ(request.header("Forebay-Queue"), "q");
    EXPECT_EQ(request.header("Idempotency-Key"), request.id);
    EXPECT_EQ(request.header("Content-Type"), "text/x-test");
    EXPECT_EQ(request.header("X-Shop"), "7");
    sent.erase(request.id);
  }
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(relay.stop(), 0);
}

TEST(MainJob, status_tells_what_became_of_a_message) {
  EvilServer server(always(200));
  RunningRelay relay(to(server));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:pause").status, 200);
  const std::string id = relay.publish("q", "x");
  Reply reply = relay.http("GET", "/v1/messages/" + id);
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("\"state\":\"ready\""), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("\"kind\":\"paused\""), std::string::npos) << reply.body;
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:resume").status, 200);
  ASSERT_TRUE(RunningRelay::eventually([&] {
    return relay.http("GET", "/v1/messages/" + id).body.find("\"state\":\"delivered\"") != std::string::npos;
  }));
  const std::string delayed = relay.publish("q", "later", "Forebay-Delay: 1h\r\n");
  EXPECT_NE(relay.http("GET", "/v1/messages/" + delayed).body.find("\"state\":\"delayed\""), std::string::npos);
  EXPECT_EQ(relay.http("DELETE", "/v1/messages/" + delayed).status, 200);
  EXPECT_NE(relay.http("GET", "/v1/messages/" + delayed).body.find("\"state\":\"cancelled\""), std::string::npos);
  EXPECT_EQ(relay.http("GET", "/v1/messages/00000000000000000000000000").status, 404);
}

TEST(MainJob, dead_letters_are_listed_replayed_and_purged) {
  std::atomic<int> status = 400;
  EvilServer server([&](const EvilServer::Request&) { return EvilServer::answer(status, "no such number"); });
  RunningRelay relay(to(server, "dead_storm: 0"));
  ASSERT_TRUE(relay.start()) << relay.output();
  for (int i = 0; i < 3; ++i) ASSERT_NE(relay.publish("q", "m" + std::to_string(i)), "");
  ASSERT_TRUE(RunningRelay::eventually([&] {
    return relay.admin("GET", "/v1/queues/q/dead").body.find("\"total\":3") != std::string::npos;
  })) << relay.admin("GET", "/v1/queues/q/dead").body;
  const std::string page = relay.admin("GET", "/v1/queues/q/dead?limit=2").body;
  EXPECT_NE(page.find("http 400"), std::string::npos) << page;
  EXPECT_NE(page.find("no such number"), std::string::npos) << page;
  status = 200;
  EXPECT_EQ(relay.admin("POST", "/v1/queues/q/dead:replay").status, 200);
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 6; }));
  EXPECT_NE(relay.admin("GET", "/v1/queues/q/dead").body.find("\"total\":0"), std::string::npos);
}

TEST(MainJob, pauses_and_dead_letters_survive_kill_9) {
  EvilServer server(always(400));
  RunningRelay relay(to(server, "dead_storm: 0"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "doomed"), "");
  ASSERT_TRUE(RunningRelay::eventually(
      [&] { return relay.admin("GET", "/v1/queues/q/dead").body.find("\"total\":1") != std::string::npos; }));
  ASSERT_EQ(relay.admin("POST", "/v1/sinks/s:pause").status, 200);
  ASSERT_NE(relay.publish("q", "kept"), "");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_NE(relay.admin("GET", "/v1/sinks/s").body.find("paused"), std::string::npos);
  // The record of the death is synced within 50 ms, which the publish behind it waited for.
  EXPECT_NE(relay.admin("GET", "/v1/queues/q/dead").body.find("http 400"), std::string::npos);
  EXPECT_EQ(server.arrivals(), 1);
  EXPECT_EQ(relay.admin("POST", "/v1/sinks/s:resume").status, 200);
  EXPECT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 2; }));
}

TEST(MainJob, sigterm_ends_what_is_in_flight_and_keeps_the_rest) {
  EvilServer server([](const EvilServer::Request&) {
    EvilServer::Answer answer = EvilServer::answer(200, "slow");
    answer.trickle_ms = 5;
    return answer;
  });
  RunningRelay relay(to(server, "concurrency: 4"));
  ASSERT_TRUE(relay.start()) << relay.output();
  for (int i = 0; i < 40; ++i) ASSERT_NE(relay.publish("q", "m" + std::to_string(i)), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() >= 4; }));
  EXPECT_EQ(relay.stop(), 0) << relay.output();
  const int before = server.arrivals();
  EXPECT_LT(before, 40);
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() >= 40; }, 60));
  EXPECT_EQ(server.arrivals_by_id().size(), 40u);
  EXPECT_EQ(server.arrivals(), 40) << "an orderly stop delivers nothing twice";
}

TEST(MainJob, a_message_whose_attempt_crashes_the_relay_becomes_a_dead_letter) {
  std::atomic<pid_t> relay_pid = 0;
  EvilServer server([&](const EvilServer::Request& request) {
    if (request.body != "poison") return EvilServer::answer(200);
    RunningRelay::eventually([&] { return relay_pid != 0; });
    if (const pid_t pid = relay_pid.exchange(0); pid != 0) ::kill(pid, SIGKILL);
    return EvilServer::Answer{"", EvilServer::Answer::Then::close, 0};
  });
  RunningRelay relay(to(server, "", "retry: {max_attempts: 3, min_backoff: 10ms, max_backoff: 20ms}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "poison"), "");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    relay_pid = relay.process().pid();
    ASSERT_TRUE(relay.process().wait().has_value()) << "attempt " << attempt;
    ASSERT_TRUE(relay.start()) << relay.output();
  }
  EXPECT_NE(relay.admin("GET", "/v1/queues/q/dead").body.find("\"total\":1"), std::string::npos)
      << relay.admin("GET", "/v1/queues/q/dead").body;
  EXPECT_EQ(server.arrivals(), 3);
  ASSERT_NE(relay.publish("q", "innocent"), "");
  EXPECT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 4; }));
}

TEST(MainJob, the_backlog_bound_pushes_back_with_retry_after) {
  EvilServer server(always(200));
  RunningRelay relay(to(server, "limits: [10/1s]", "max_messages: 5"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:pause").status, 200);
  for (int i = 0; i < 5; ++i) ASSERT_NE(relay.publish("q", "m"), "");
  const Reply refused = relay.http("POST", "/v1/queues/q/messages", "one too many");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.headers.find("Retry-After: "), std::string::npos);
  EXPECT_NE(refused.headers.find("application/problem+json"), std::string::npos);
  EXPECT_EQ(relay.metric("forebay_refused_messages_total{queue=\"q\",reason=\"backlog_full\"}"), 1.0);
}

// What was admitted before the line that is refused must leave nothing behind, no sequence either.
TEST(MainJob, a_batch_refused_halfway_leaves_no_trace) {
  EvilServer server(always(200));
  RunningRelay relay(to(server, "", "max_messages: 3"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:pause").status, 200);
  std::string lines;
  for (int i = 0; i < 3; ++i) lines += "{\"body\": \"of the batch\"}\n";
  const std::string type = "Content-Type: application/x-ndjson\r\n";
  EXPECT_NE(relay.publish("q", "alone"), "");
  const Reply full = relay.http("POST", "/v1/queues/q/messages:batch", lines, type);
  EXPECT_EQ(full.status, 503);
  EXPECT_NE(full.body.find("line 3: queue"), std::string::npos) << full.body;
  EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages:batch", lines + lines, type).status, 413) << "it never fits";
  for (int i = 0; i < 2; ++i) EXPECT_NE(relay.publish("q", "alone"), "") << relay.process().read_all();
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:resume").status, 200);
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 3; }));
  for (const EvilServer::Request& request : server.requests()) EXPECT_EQ(request.body, "alone");
}

}  // namespace
}  // namespace forebay::testing
