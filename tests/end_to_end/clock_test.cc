// The wall clock of the real process is stepped while it works; the downstream and the test go by their own
// clock.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"
#include "tests/support/faked_clock.h"

namespace forebay::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Request = EvilServer::Request;

std::vector<Request> sent_to(const EvilServer& server, const std::string& path) {
  std::vector<Request> found = server.requests();
  std::erase_if(found, [&](const Request& request) { return !request.head.starts_with("POST " + path + " "); });
  return found;
}

bool arrives(const EvilServer& server, const std::string& path, size_t count) {
  return RunningRelay::eventually([&] { return sent_to(server, path).size() >= count; }, 10);
}

struct ClockSteps : ::testing::Test {
  FakedClock clock;
  EvilServer server{[](const Request&) { return EvilServer::answer(200); }};
  // One attempt at a time, so that arrivals have an order.
  RunningRelay relay{
      fmt::format("sinks:\n"
                  "  limited: {{type: http, url: \"{}\", limits: [40/1s], concurrency: 1}}\n"
                  "  free: {{type: http, url: \"{}\"}}\n"
                  "queues:\n  burst: {{sink: limited}}\n  q: {{sink: free}}\n",
                  server.url("/limited"), server.url("/free"))};
};

TEST_F(ClockSteps, change_neither_rate_nor_order_nor_delays) {
  constexpr int count = 120, in_a_second = 40;
  ASSERT_TRUE(relay.start(clock.environment())) << relay.output();
  const auto before = Clock::now();
  ASSERT_NE(relay.publish("q", "delayed", "Forebay-Delay: 2500ms\r\n"), "");
  const auto after = Clock::now();
  for (int i = 0; i < count; ++i) ASSERT_NE(relay.publish("burst", std::to_string(i)), "");
  ASSERT_TRUE(arrives(server, "/limited", count / 3));
  clock.step(hours(1));
  ASSERT_TRUE(arrives(server, "/limited", 2 * count / 3));
  clock.step(-hours(24));
  ASSERT_TRUE(arrives(server, "/limited", count));
  const std::vector<Request> all = sent_to(server, "/limited");
  ASSERT_EQ(all.size(), static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) EXPECT_EQ(all[i].body, std::to_string(i));
  for (int i = 0; i + in_a_second < count; ++i) {
    EXPECT_GT(all[i + in_a_second].arrived - all[i].arrived, seconds(1)) << "41 within one second, from " << i;
  }
  ASSERT_TRUE(arrives(server, "/free", 1));
  const auto came = sent_to(server, "/free")[0].arrived;
  EXPECT_GE(came - before, milliseconds(2'500));
  EXPECT_LE(came - after, milliseconds(4'000));
  EXPECT_EQ(relay.stop(), 0);
}

// Published with a Forebay-Not-Before in full seconds, at least `from_now` away; when that is by the test's
// clock.
Clock::time_point publish_not_before(const RunningRelay& relay, const FakedClock& clock, seconds from_now) {
  const auto steady = Clock::now();
  const auto wall = clock.now();
  const auto due = std::chrono::ceil<seconds>(wall + from_now);
  EXPECT_NE(relay.publish("q", "m", fmt::format("Forebay-Not-Before: {}\r\n", due.count())), "");
  return steady + (due - wall);
}

TEST_F(ClockSteps, not_before_follows_the_wall_clock) {
  ASSERT_TRUE(relay.start(clock.environment())) << relay.output();
  const auto unstepped = publish_not_before(relay, clock, hours(1));
  clock.step(hours(1) - seconds(1));
  ASSERT_TRUE(arrives(server, "/free", 1));
  EXPECT_GE(sent_to(server, "/free")[0].arrived, unstepped - hours(1) + seconds(1));

  // The clock shows times again that it has shown before.
  clock.step(-hours(24));
  const auto due = publish_not_before(relay, clock, seconds(1));
  ASSERT_TRUE(arrives(server, "/free", 2));
  const auto came = sent_to(server, "/free")[1].arrived;
  EXPECT_GE(came, due - milliseconds(1));
  EXPECT_LE(came, due + seconds(2));
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
