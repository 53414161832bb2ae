// Many clients at once that want nothing, or never read what they are told: what they cost a real process.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"
#include "tests/support/proc_figures.h"

namespace forebay::testing {
namespace {

constexpr uint64_t mib = 1 << 20;
constexpr const char* pulled = "queues:\n  q: {pull: true}\n";

// Of those wanted, how many this process and the relay can hold: both need a descriptor for each, and the relay leaves
// some to its other doors and to sinks.
size_t connections_allowed(size_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  constexpr size_t for_others = 5'500;
  return limit.rlim_cur > 2 * for_others ? std::min<size_t>(wanted, limit.rlim_cur - for_others) : limit.rlim_cur / 4;
}

std::string big_door() {
  return "  - {type: http, listen: \"127.0.0.1:0\", max_connections: 10500, idle_timeout: 1h, header_timeout: 1h}\n";
}

TEST(HostileCrowd, idle_connections_cost_10_kib_at_most) {
  const size_t count = connections_allowed(10'000);
  ASSERT_GE(count, 100u);
  RunningRelay relay(pulled, "", big_door());
  ASSERT_TRUE(relay.start()) << relay.output();
  const uint16_t port = relay.wait_for_door("http");
  ASSERT_NE(relay.publish("q", "before"), "");
  const uint64_t before = rss_bytes(relay.process().pid());
  std::vector<RawClient> clients;
  const std::string question = "GET /v1/messages/00000000000000000000000000 HTTP/1.1\r\nHost: x\r\n\r\n";
  for (size_t i = 0; i < count; ++i) {
    ASSERT_TRUE(clients.emplace_back(port).connected()) << i;
    // A third have been served, a third have begun a request, a third are silent.
    if (i % 3 == 0) ASSERT_TRUE(clients.back().send(question)) << i;
    if (i % 3 == 1) ASSERT_TRUE(clients.back().send(question.substr(0, 20))) << i;
  }
  for (size_t i = 0; i < count; i += 3) {
    const auto response = clients[i].read_response();
    ASSERT_TRUE(response) << i;
    ASSERT_EQ(response->status, 404) << i;
  }
  const uint64_t each = (rss_bytes(relay.process().pid()) - before) / count;
  std::printf("%zu idle connections, %.1f KiB each\n", count, static_cast<double>(each) / 1024);
  EXPECT_LE(each, 10 * 1024);
  EXPECT_NE(relay.publish("q", "after"), "");
  EXPECT_EQ(relay.admin("GET", "/readyz").status, 200);
  clients.clear();
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

// Answers nobody reads: the relay keeps at most 1 MiB of them for a connection and then reads no more from it.
TEST(HostileCrowd, clients_that_never_read_are_bounded) {
  constexpr size_t count = 20;
  RunningRelay relay(pulled, "", big_door());
  ASSERT_TRUE(relay.start()) << relay.output();
  const uint16_t port = relay.wait_for_door("http");
  const uint64_t before = rss_bytes(relay.process().pid());
  std::vector<RawClient> clients;
  std::string questions;
  for (int i = 0; i < 1'000; ++i) questions += "GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n";
  for (size_t i = 0; i < count; ++i) clients.emplace_back(port, 4096);
  // Until none of them is read from any more.
  size_t sent = 0;
  int quiet = 0;
  ASSERT_TRUE(RunningRelay::eventually(
      [&] {
        size_t taken = 0;
        for (RawClient& client : clients) taken += client.send_some(questions);
        sent += taken;
        quiet = taken == 0 ? quiet + 1 : 0;
        return quiet > 40;
      },
      60));
  const uint64_t peak = rss_peak_bytes(relay.process().pid());
  std::printf("%zu clients sent %.1f MiB and read nothing: %.1f MiB\n", count, double(sent) / mib,
              double(peak - before) / mib);
  EXPECT_LE(peak, before + count * (2 * mib) + 16 * mib);
  EXPECT_NE(relay.publish("q", "after"), "");
  clients.clear();
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

}  // namespace
}  // namespace forebay::testing
