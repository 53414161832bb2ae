// The real process runs out of descriptors: accepting waits, costs nothing, and goes on; everything else goes
// on meanwhile.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"
#include "tests/support/proc_figures.h"

namespace forebay::testing {
namespace {

bool lower_descriptor_limit(pid_t pid, size_t to) {
  const rlimit limit{to, to};
  return prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0;
}

// Over a connection that is open already.
int publish_over(RawClient& client, const std::string& body) {
  client.send("POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  const auto response = client.read_response();
  return response ? response->status : 0;
}

TEST(DescriptorExhaustion, pauses_accepting_and_nothing_else) {
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") + "\"}\nqueues:\n  q: {sink: s}\n",
                     "journal: {segment: 1MiB, checkpoint: 1MiB}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const pid_t pid = relay.process().pid();
  RawClient connected(relay.http_port());
  ASSERT_EQ(publish_over(connected, "first"), 202);
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 1; }));

  const size_t limit = open_descriptors(pid) + 20;
  ASSERT_TRUE(lower_descriptor_limit(pid, limit));
  std::vector<RawClient> clients;
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(clients.emplace_back(relay.http_port()).connected());
  ASSERT_TRUE(RunningRelay::eventually([&] { return open_descriptors(pid) >= limit; }));

  RawClient last(relay.http_port());
  const double cpu_before = cpu_seconds(pid);
  ASSERT_TRUE(last.send("GET /v1/messages/00000000000000000000000000 HTTP/1.1\r\nHost: relay\r\n\r\n"));
  last.set_deadline(std::chrono::seconds(1));
  EXPECT_FALSE(last.read_response()) << "there is no descriptor for it";
  EXPECT_LT(cpu_seconds(pid) - cpu_before, 0.2) << "it waited, it did not spin";

  // Several segments' worth, so that the journal opens files meanwhile.
  for (int i = 0; i < 60; ++i) ASSERT_EQ(publish_over(connected, std::to_string(i) + std::string(100'000, '.')), 202);
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 61; }));
  EXPECT_GE(open_descriptors(pid), limit - 1);

  // Whoever looks what is wrong gets through, more than once.
  for (int i = 0; i < 20; ++i) ASSERT_EQ(relay.admin("GET", "/v1/status").status, 200) << i;
  EXPECT_EQ(relay.metric("process_max_fds"), static_cast<double>(limit));

  clients.clear();
  last.set_deadline(std::chrono::seconds(10));
  const auto response = last.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

// The limit that the process starts with: producers hold all they may, and every message still goes out at its first
// attempt, over connections that the sink opens only then.
TEST(DescriptorExhaustion, producers_leave_the_sinks_their_descriptors) {
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200, "", "Connection: close\r\n"); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") +
                     "\", concurrency: 8}\nqueues:\n  q: {sink: s, retry: {max_attempts: 1}}\n");
  ASSERT_TRUE(relay.start({}, 160)) << relay.output();
  EXPECT_NE(relay.output().find("of the 160 file descriptors"), std::string::npos) << relay.output();
  RawClient connected(relay.http_port());
  ASSERT_EQ(publish_over(connected, "first"), 202);
  std::vector<RawClient> clients;
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(clients.emplace_back(relay.http_port()).connected());
  RawClient& refused = clients[200];
  refused.set_deadline(std::chrono::milliseconds(300));
  ASSERT_FALSE(refused.read_response()) << "nobody has accepted it";
  for (int i = 0; i < 100; ++i) ASSERT_EQ(publish_over(connected, std::to_string(i)), 202);
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() == 101; })) << server.arrivals();
  EXPECT_EQ(relay.metric("forebay_delivered_messages_total{class=\"default\",queue=\"q\"}"), 101.0);
  EXPECT_EQ(relay.metric("forebay_attempts_total{outcome=\"throttled\",sink=\"s\"}"), 0.0);
  clients.clear();
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

}  // namespace
}  // namespace forebay::testing
