// What `forebay plan` foretells, and what the relay then does: the same file, the same burst.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int messages = 1'500;

const char* class_of(int i) {
  return i % 10 == 0 ? "otp" : "marketing";
}

double p99(std::vector<double> delays) {
  std::sort(delays.begin(), delays.end());
  return delays.at(static_cast<size_t>(std::ceil(0.99 * static_cast<double>(delays.size()))) - 1);
}

json planned(const RunningRelay& relay, const TempDir& folder) {
  std::string trace = "time,queue,class,key,cost\n";
  for (int i = 0; i < messages; ++i) trace += fmt::format("0,q,{}\n", class_of(i));
  const std::string path = folder.write("burst.csv", trace);
  Process process({forebay_binary(), "plan", "-c", relay.config_path(), "--trace", path, "--rtt", "1ms", "--json"});
  const std::string out = process.read_all();
  return json::parse(out, nullptr, false);
}

void near(const char* what, double real, double plan) {
  std::printf("%s: real %.3f s, planned %.3f s, %+.2f %%\n", what, real, plan, (real / plan - 1) * 100);
  EXPECT_NEAR(real, plan, 0.02 * plan) << what;
}

TEST(Plan, foretells_a_real_run_within_two_percent) {
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") +
                     "\", limits: [200/1s]}\nqueues:\n"
                     "  q: {sink: s, classes: {otp: {priority: 0}, marketing: {priority: 2}}}\n");
  TempDir folder;
  const json plan = planned(relay, folder)["queues"]["q"];
  ASSERT_TRUE(plan.is_object());
  ASSERT_TRUE(relay.start()) << relay.output();
  std::string batch;
  for (int i = 0; i < messages; ++i) {
    batch += fmt::format("{{\"body\":\"{} {}\",\"class\":\"{}\"}}\n", class_of(i), i, class_of(i));
  }
  const Reply reply = relay.http("POST", "/v1/queues/q/messages:batch", batch,
                                 "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n");
  const auto accepted = Clock::now();
  ASSERT_EQ(reply.status, 202) << reply.body;
  ASSERT_TRUE(RunningRelay::eventually([&] { return server.arrivals() >= messages; }, 30)) << server.arrivals();
  EXPECT_EQ(relay.stop(), 0);
  std::vector<double> all, otp;
  for (const EvilServer::Request& request : server.requests()) {
    const double delay = std::chrono::duration<double>(request.arrived - accepted).count();
    all.push_back(delay);
    if (request.body.starts_with("otp")) otp.push_back(delay);
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(messages));
  near("drain", *std::max_element(all.begin(), all.end()), plan["drain_seconds"]);
  near("p99", p99(all), plan["delay_seconds"]["p99"]);
  // A tenth of it all: a late wake-up of the machine is a larger part of it.
  const double planned_otp = plan["classes"]["otp"]["delay_seconds"]["p99"];
  EXPECT_NEAR(p99(otp), planned_otp, 0.1);
}

}  // namespace
}  // namespace forebay::testing
