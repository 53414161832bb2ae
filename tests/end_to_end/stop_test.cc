// An orderly stop, at inconvenient moments.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

std::string to(const EvilServer& server, const std::string& sink = "", const std::string& queue = "") {
  return "sinks:\n  s: {type: http, url: \"" + server.url("/send") + "\"" + (sink.empty() ? "" : ", " + sink) +
         "}\nqueues:\n  q: {sink: s" + (queue.empty() ? "" : ", " + queue) + "}\n";
}

EvilServer::Script taking_all() {
  return [](const EvilServer::Request&) { return EvilServer::answer(200); };
}

// SIGTERM while bodies are on their way from the disk, and no time to wait for them: exit 0 all the same.
TEST(Stop, sigterm_while_bodies_are_being_read_is_an_orderly_stop) {
  EvilServer server(taking_all());
  RunningRelay relay(to(server, "concurrency: 1000"), "shutdown_grace: 0s\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:pause").status, 200);
  for (int i = 0; i < 150; ++i) ASSERT_NE(relay.publish("q", std::string(250'000, 'x')), "");
  ASSERT_EQ(relay.stop(), 0) << relay.output();
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(relay.start()) << relay.output();
    ASSERT_EQ(relay.admin("POST", "/v1/queues/q:resume").status, 200);
    ASSERT_EQ(relay.stop(), 0) << "round " << round << ": " << relay.output();
    ASSERT_TRUE(relay.start()) << relay.output();
    relay.admin("POST", "/v1/queues/q:pause");
    ASSERT_EQ(relay.stop(), 0) << relay.output();
  }
}

// Operators send it to have a config read again; what a changed one does is told in reload_test.cc.
TEST(Stop, sighup_is_no_stop) {
  EvilServer server(taking_all());
  RunningRelay relay(to(server));
  ASSERT_TRUE(relay.start()) << relay.output();
  relay.process().signal(SIGHUP);
  ASSERT_TRUE(RunningRelay::eventually([&] {
    relay.process().read_line(std::chrono::milliseconds(50));
    return relay.output().find("the config is reloaded") != std::string::npos;
  })) << relay.output();
  EXPECT_NE(relay.publish("q", "still here"), "");
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

}  // namespace
}  // namespace forebay::testing
