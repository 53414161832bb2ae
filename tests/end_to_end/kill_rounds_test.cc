// kill -9 at any moment, with an oracle outside: acknowledged is a subset of delivered, waiting and dead; nothing is
// invented or altered; nothing comes twice beyond what was in flight plus what settled during one commit.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

constexpr int concurrency = 16;
// What settles during one commit: at most what one commit's time lets through at this concurrency; measured commits
// take a millisecond or two, replies ten times less, so two dozen rounds of the concurrency is far beyond it and far
// below "everything again".
constexpr int settled_in_one_commit = 24 * concurrency;

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
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(relay.start()) << relay.output();
    std::atomic<bool> go_on = true;
    Producers producers(round);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([&, t] { producers.run(relay.http_port(), t, go_on); });
    const int arrivals_before = server.arrivals();
    const int moment = 20 + static_cast<int>(random() % 400);
    RunningRelay::eventually([&] { return server.arrivals() - arrivals_before >= moment; }, 10);
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
  EXPECT_LE(again, static_cast<size_t>(rounds) * (concurrency + settled_in_one_commit));
  std::printf("%zu acknowledged, %zu delivered, %zu of them again, in %d rounds\n", Producers::acknowledged.size(),
              delivered.size(), again, rounds);
  EXPECT_GT(Producers::acknowledged.size(), static_cast<size_t>(rounds) * 20);
}

}  // namespace
}  // namespace forebay::testing
