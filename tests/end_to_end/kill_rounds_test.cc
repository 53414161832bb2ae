// kill -9 at any moment, with an oracle outside: acknowledged is a subset of delivered, waiting and dead; nothing is
// invented or altered; nothing comes twice beyond what was in flight plus what settled during one commit.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

constexpr int concurrency = 16;
using SteadyTime = std::chrono::steady_clock::time_point;

// How a round ended, and how long its longest commit may have been: what settled in that time may come again.
struct Kill {
  SteadyTime at;
  std::chrono::duration<double> window;
};

// Settles are written while no sync runs: those that came during one, and while the next was gathered. The longest sync
// so far is known by its bucket; a turn of the loop at either end, on a machine that does something else as well.
std::chrono::duration<double> longest_commit(const RunningRelay& relay) {
  constexpr double turns_s = 0.01;
  const std::string name = "forebay_journal_sync_seconds";
  const double all = relay.metric(name + "_count").value_or(0);
  for (const char* edge : {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1"}) {
    const auto within = relay.metric(name + "_bucket{le=\"" + edge + "\"}");
    if (within && *within >= all) return std::chrono::duration<double>(2 * std::strtod(edge, nullptr) + turns_s);
  }
  return std::chrono::duration<double>(2 + turns_s);
}

// Of those that came before a kill and again after it, each must have been in flight at that moment, or have been
// answered within one commit of it.
void expect_few_again(const std::vector<EvilServer::Request>& requests, const std::vector<Kill>& kills) {
  std::map<std::string, SteadyTime> last;
  std::vector<int> again(kills.size()), settled_late(kills.size());
  for (const EvilServer::Request& request : requests) {
    for (size_t i = 0; i < kills.size(); ++i) {
      settled_late[i] += request.arrived <= kills[i].at && request.arrived > kills[i].at - kills[i].window;
      const auto before = last.find(request.body);
      again[i] += before != last.end() && before->second <= kills[i].at && request.arrived > kills[i].at;
    }
    last[request.body] = request.arrived;
  }
  for (size_t i = 0; i < kills.size(); ++i) {
    std::printf("kill %zu: %d came again; %d in flight at most, %d settled in the %.1f ms before\n", i, again[i],
                concurrency, settled_late[i], kills[i].window.count() * 1e3);
    EXPECT_LE(again[i], concurrency + settled_late[i]) << "kill " << i;
  }
}

class Producers {
 public:
  explicit Producers(int round) : round_(round) {}

  void run(uint16_t port, int thread, const std::atomic<bool>& go_on) {
    for (int i = 0; go_on; ++i) {
      const std::string body = std::to_string(round_) + "/" + std::to_string(thread) + "/" + std::to_string(i) + " " +
                               std::string(static_cast<size_t>(i * 37 % 900), 'x');
      {
        const std::lock_guard lock(mutex);
        attempted.insert(body);
      }
      RawClient client(port);
      if (!client.connected()) return;
      const std::string head = "POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nContent-Length: ";
      if (!client.send(head + std::to_string(body.size()) + "\r\n\r\n" + body)) return;
      const auto response = client.read_response();
      if (!response || response->status != 202) return;
      const std::lock_guard lock(mutex);
      acknowledged.insert(body);
    }
  }

  static std::mutex mutex;
  static std::set<std::string> attempted, acknowledged;

 private:
  int round_;
};
std::mutex Producers::mutex;
std::set<std::string> Producers::attempted, Producers::acknowledged;

TEST(KillRounds, acknowledged_is_never_lost) {
  const bool is_long = std::getenv("FOREBAY_LONG") != nullptr;
  const int rounds = is_long ? 100 : 8;
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  EvilServer server([](const EvilServer::Request&) { return EvilServer::answer(200); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + server.url("/") +
                         "\", concurrency: " + std::to_string(concurrency) + "}\nqueues:\n  q: {sink: s}\n",
                     "journal: {segment: 1MiB, checkpoint: 2MiB}\n");
  std::vector<Kill> kills;
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(relay.start()) << relay.output();
    std::atomic<bool> go_on = true;
    Producers producers(round);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([&, t] { producers.run(relay.http_port(), t, go_on); });
    const int arrivals_before = server.arrivals();
    const int moment = 20 + static_cast<int>(random() % 400);
    RunningRelay::eventually([&] { return server.arrivals() - arrivals_before >= moment; }, 10);
    const auto window = longest_commit(relay);
    kills.push_back({std::chrono::steady_clock::now(), window});
    relay.kill();
    go_on = false;
    for (std::thread& thread : threads) thread.join();
  }
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_TRUE(RunningRelay::eventually(
      [&] {
        return relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"ready\"}").value_or(1) +
                   relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"retrying\"}")
                       .value_or(1) +
                   relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"in_flight\"}")
                       .value_or(1) ==
               0;
      },
      60));
  EXPECT_EQ(relay.stop(), 0);

  std::multiset<std::string> delivered;
  for (const EvilServer::Request& request : server.requests()) delivered.insert(request.body);
  for (const std::string& body : Producers::acknowledged) {
    ASSERT_TRUE(delivered.contains(body)) << "acknowledged and lost: " << body.substr(0, 40);
  }
  size_t again = 0;
  for (const std::string& body : std::set<std::string>(delivered.begin(), delivered.end())) {
    ASSERT_TRUE(Producers::attempted.contains(body)) << "nobody sent this: " << body.substr(0, 40);
    again += delivered.count(body) - 1;
  }
  expect_few_again(server.requests(), kills);
  std::printf("%zu acknowledged, %zu delivered, %zu of them again, in %d rounds\n", Producers::acknowledged.size(),
              delivered.size(), again, rounds);
  EXPECT_GT(Producers::acknowledged.size(), static_cast<size_t>(rounds) * 20);
}

}  // namespace
}  // namespace forebay::testing
