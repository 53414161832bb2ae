// What the real process holds in memory is bounded, whatever is thrown at it. Resident bytes are those at the
// peak.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/proc_figures.h"

namespace forebay::testing {
namespace {

constexpr uint64_t mib = 1 << 20;
// What the process takes without a message: code, buffers, the body windows, what one request in hand needs.
constexpr uint64_t base_bytes = 64 * mib;
constexpr uint64_t bytes_per_message = 48;

// Nobody listens there, and nobody asks: the sink is paused.
std::string paused_sink(const std::string& queue) {
  return "sinks:\n  s: {type: http, url: \"http://127.0.0.1:1/\"}\nqueues:\n  q: {sink: s, " + queue + "}\n";
}

bool start_paused(RunningRelay& relay) {
  return relay.start() && relay.admin("POST", "/v1/sinks/s:pause").status == 200;
}

double waiting(const RunningRelay& relay) {
  return relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"ready\"}").value_or(-1);
}

void expect_pushed_back(const Reply& reply) {
  EXPECT_EQ(reply.status, 503) << reply.body;
  EXPECT_NE(reply.headers.find("Retry-After: "), std::string::npos) << reply.headers;
}

TEST(MemoryBound, holds_under_a_flood_of_messages) {
  constexpr uint64_t messages_max = 500'000, lines = 10'000;
  RunningRelay relay(paused_sink("max_messages: " + std::to_string(messages_max)));
  ASSERT_TRUE(start_paused(relay)) << relay.output();
  std::string batch;
  for (uint64_t i = 0; i < lines; ++i) batch += "{\"body\": \"" + std::string(100, 'x') + "\"}\n";
  const std::string type = "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n";
  for (uint64_t i = 0; i < messages_max / lines; ++i) {
    ASSERT_EQ(relay.http("POST", "/v1/queues/q/messages:batch", batch, type).status, 202);
  }
  EXPECT_EQ(waiting(relay), static_cast<double>(messages_max));
  for (int i = 0; i < 10; ++i) expect_pushed_back(relay.http("POST", "/v1/queues/q/messages:batch", batch, type));
  expect_pushed_back(relay.http("POST", "/v1/queues/q/messages", "one too many"));
  const uint64_t peak = rss_peak_bytes(relay.process().pid());
  RecordProperty("peak_mib", static_cast<int>(peak / mib));
  EXPECT_LE(peak, bytes_per_message * messages_max + base_bytes);
}

TEST(MemoryBound, holds_under_a_flood_of_bytes) {
  constexpr uint64_t bytes_max = 128 * mib;
  RunningRelay relay(paused_sink("max_bytes: 128MiB"));
  ASSERT_TRUE(start_paused(relay)) << relay.output();
  const std::string body(256 * 1024, 'x');
  Reply reply;
  uint64_t accepted = 0;
  while ((reply = relay.http("POST", "/v1/queues/q/messages", body)).status == 202) accepted += body.size();
  expect_pushed_back(reply);
  EXPECT_LE(accepted, bytes_max);
  EXPECT_GT(accepted, bytes_max - 2 * body.size());
  const uint64_t peak = rss_peak_bytes(relay.process().pid());
  RecordProperty("peak_mib", static_cast<int>(peak / mib));
  EXPECT_LE(peak, base_bytes) << "bodies are on disk, not in memory";
}

void raise_own_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(MemoryBound, holds_with_many_connections_that_never_finish) {
  constexpr uint64_t held_max = 256 * mib;  // of unfinished requests, all connections together (doors/server.h)
  raise_own_descriptor_limit();
  RunningRelay relay(paused_sink("max_messages: 10"));
  ASSERT_TRUE(start_paused(relay)) << relay.output();
  std::vector<RawClient> idle, unfinished;
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(idle.emplace_back(relay.http_port()).connected());
  const std::string begun = "POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nContent-Length: 262144\r\n\r\n" +
                            std::string(255 * 1024, 'x');
  for (int i = 0; i < 1'300; ++i) {
    unfinished.emplace_back(relay.http_port());
    if (!unfinished.back().send(begun)) break;  // closed already: it was one too many
  }
  int refused = 0;
  ASSERT_TRUE(RunningRelay::eventually([&] {
    for (RawClient& client : unfinished) {
      client.set_deadline(std::chrono::milliseconds(0));
      const auto response = client.read_response();
      if (!response) continue;
      EXPECT_EQ(response->status, 503);
      ++refused;
    }
    return refused > 0;
  }));
  const uint64_t peak = rss_peak_bytes(relay.process().pid());
  RecordProperty("peak_mib", static_cast<int>(peak / mib));
  EXPECT_LE(peak, held_max + base_bytes);
  unfinished.clear();
  EXPECT_TRUE(RunningRelay::eventually([&] { return relay.publish("q", "whole") != ""; }));
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
