// The disk below the real process is slow, full, broken or read-only (tests/support/unreliable_disk.h).
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"
#include "tests/support/unreliable_disk.h"

namespace forebay::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::string ready_of(const RunningRelay& relay) {
  return relay.admin("GET", "/readyz").body;
}

// A relay whose disk does as it is told, in front of a downstream that takes everything.
struct DiskTest : ::testing::Test {
  EvilServer server{[](const EvilServer::Request&) { return EvilServer::answer(200); }};
  RunningRelay relay{"sinks:\n  s: {type: http, url: \"" + server.url("/") + "\"}\nqueues:\n  q: {sink: s}\n",
                     "journal: {segment: 1MiB, checkpoint: 1MiB}\n"};
  UnreliableDisk disk{relay.data_dir()};

  bool start() { return relay.start(disk.environment()); }
  std::multiset<std::string> arrived() const {
    std::multiset<std::string> bodies;
    for (const EvilServer::Request& request : server.requests()) bodies.insert(request.body);
    return bodies;
  }
  double metric(const std::string& series) const { return relay.metric(series).value_or(0); }
  double delivered() const { return metric("forebay_delivered_messages_total{class=\"default\",queue=\"q\"}"); }
  // Publishes bodies of 100 kB until one is refused; what was accepted.
  std::set<std::string> publish_until_refused(const std::string& name, Reply* refused) const {
    std::set<std::string> accepted;
    for (int i = 0; i < 500; ++i) {
      const std::string body = name + std::to_string(i) + std::string(100'000, '.');
      *refused = relay.http("POST", "/v1/queues/q/messages", body);
      if (refused->status != 202) break;
      accepted.insert(body);
    }
    return accepted;
  }
};

using SlowSync = DiskTest;
using FullDisk = DiskTest;
using WriteError = DiskTest;
using FailedSync = DiskTest;
using ReadOnlyDisk = DiskTest;

RawClient begin_publishing(const RunningRelay& relay, const std::string& body) {
  RawClient client(relay.http_port());
  client.send("POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  return client;
}

// The longest that the admin door took to answer, asked again and again for as long as `go_on` holds.
template <typename GoOn>
milliseconds slowest_answer(const RunningRelay& relay, GoOn go_on) {
  Clock::duration slowest{};
  while (go_on()) {
    for (const char* path : {"/metrics", "/healthz"}) {
      const auto asked = Clock::now();
      EXPECT_EQ(relay.admin("GET", path).status, 200);
      slowest = std::max(slowest, Clock::now() - asked);
    }
  }
  return std::chrono::duration_cast<milliseconds>(slowest);
}

TEST_F(SlowSync, holds_up_publishers_and_nobody_else) {
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_NE(relay.publish("q", "first"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return delivered() == 1; }));
  const std::string series = "forebay_journal_sync_seconds_count";
  const double syncs_before = metric(series);
  disk.syncs_take(std::chrono::seconds(60));  // until told otherwise
  const uint32_t begun_before = disk.syncs_begun();
  std::vector<RawClient> publishers;
  std::multiset<std::string> expected{"first"};
  const auto publish = [&] {
    const std::string body = "m" + std::to_string(publishers.size());
    expected.insert(body);
    publishers.push_back(begin_publishing(relay, body));
  };
  publish();
  ASSERT_TRUE(RunningRelay::eventually([&] { return disk.syncs_begun() > begun_before; }));
  for (int i = 0; i < 200; ++i) publish();
  const auto end = Clock::now() + milliseconds(1'500);
  const milliseconds slowest = slowest_answer(relay, [&] { return Clock::now() < end; });
  RecordProperty("slowest_ms", static_cast<int>(slowest.count()));
  EXPECT_LT(slowest, milliseconds(100));
  for (RawClient& publisher : publishers) {
    publisher.set_deadline(milliseconds(0));
    ASSERT_FALSE(publisher.read_response()) << "answered before the sync ended";
    publisher.set_deadline(std::chrono::seconds(20));
  }
  disk.syncs_take(milliseconds(700));
  EXPECT_LT(slowest_answer(relay, [&] { return delivered() < 100; }), milliseconds(100));
  for (RawClient& publisher : publishers) {
    const auto response = publisher.read_response();
    ASSERT_TRUE(response.has_value());
    ASSERT_EQ(response->status, 202);
  }
  // The one that stood, the one for all who came meanwhile, and those of the settles of what arrived.
  const double syncs = metric(series) - syncs_before;
  RecordProperty("syncs", static_cast<int>(syncs));
  EXPECT_LE(syncs, 4);
  disk.syncs_take(milliseconds(0));
  ASSERT_TRUE(RunningRelay::eventually([&] { return delivered() == 202; }));
  EXPECT_EQ(arrived(), expected);
  EXPECT_EQ(relay.stop(), 0);
}

TEST_F(FullDisk, refuses_with_507_goes_on_draining_and_recovers_by_itself) {
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/sinks/s:pause").status, 200);
  disk.fail_growth(ENOSPC);
  Reply refused;
  std::set<std::string> accepted = publish_until_refused("first", &refused);
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_NE(refused.headers.find("Retry-After: "), std::string::npos) << refused.headers;
  EXPECT_NE(refused.body.find("No space left on device"), std::string::npos) << refused.body;
  EXPECT_NE(ready_of(relay).find("No space left on device"), std::string::npos) << ready_of(relay);
  EXPECT_GE(metric("forebay_refused_messages_total{queue=\"q\",reason=\"disk_full\"}"), 1.0);

  disk.fail_growth(0);
  ASSERT_TRUE(RunningRelay::eventually([&] { return relay.publish("q", "space is back") != ""; }));
  accepted.insert("space is back");
  EXPECT_EQ(relay.admin("GET", "/readyz").status, 200) << ready_of(relay);

  disk.fail_growth(ENOSPC);
  accepted.merge(publish_until_refused("second", &refused));
  EXPECT_EQ(refused.status, 507) << refused.body;
  ASSERT_EQ(relay.admin("POST", "/v1/sinks/s:resume").status, 200);
  ASSERT_TRUE(RunningRelay::eventually([&] { return delivered() == static_cast<double>(accepted.size()); }));
  EXPECT_EQ(arrived(), std::multiset<std::string>(accepted.begin(), accepted.end()));
  EXPECT_GT(disk.refusals(), 0u);
  relay.kill();

  disk.fail_growth(0);
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_NE(relay.publish("q", "last"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return arrived().contains("last"); }));
  EXPECT_EQ(arrived().size(), accepted.size() + 1) << "what was delivered on the full disk was settled on it";
}

TEST_F(WriteError, refuses_with_507_goes_on_draining_and_recovers_by_itself) {
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/sinks/s:pause").status, 200);
  for (int i = 0; i < 20; ++i) ASSERT_NE(relay.publish("q", "m" + std::to_string(i)), "");
  // The operator's record is on disk, the sink opens in the same turn; by then no write is taken any more.
  disk.fail_writes(EIO);
  RawClient asker(relay.admin_port());
  asker.send("POST /v1/sinks/s:resume HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(RunningRelay::eventually([&] { return delivered() == 20; }));
  Reply refused;
  publish_until_refused("refused", &refused);
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_NE(refused.headers.find("Retry-After: "), std::string::npos) << refused.headers;
  EXPECT_NE(refused.body.find("Input/output error"), std::string::npos) << refused.body;
  EXPECT_GE(metric("forebay_refused_messages_total{queue=\"q\",reason=\"disk_error\"}"), 1.0);

  disk.fail_writes(0);
  ASSERT_TRUE(RunningRelay::eventually([&] { return relay.publish("q", "again") != ""; }));
  ASSERT_TRUE(RunningRelay::eventually([&] { return arrived().contains("again"); }));
  EXPECT_EQ(relay.stop(), 0) << relay.output();
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_NE(relay.publish("q", "last"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return arrived().contains("last"); }));
  EXPECT_EQ(server.arrivals(), 22) << "what was delivered meanwhile is settled now";
}

TEST_F(FailedSync, ends_the_process_and_nothing_acknowledged_is_missing) {
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/sinks/s:pause").status, 200);
  std::set<std::string> acknowledged;
  for (int i = 0; i < 50; ++i) {
    const std::string body = "m" + std::to_string(i);
    ASSERT_NE(relay.publish("q", body), "");
    acknowledged.insert(body);
  }
  disk.fail_syncs(EIO);
  EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages", "unknown").status, 0) << "no answer at all";
  EXPECT_EQ(relay.process().wait(), 1);
  const std::string said = relay.process().read_all();
  EXPECT_NE(said.find(relay.data_dir() + ": syncing the journal: Input/output error"), std::string::npos) << said;

  disk.fail_syncs(0);
  ASSERT_TRUE(start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/sinks/s:resume").status, 200);
  ASSERT_NE(relay.publish("q", "last"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return arrived().contains("last"); }));
  std::multiset<std::string> bodies = arrived();
  for (const std::string& body : acknowledged) EXPECT_EQ(bodies.count(body), 1u) << body;
}

TEST_F(ReadOnlyDisk, is_a_clear_error_at_start) {
  for (const bool there_already : {false, true}) {
    SCOPED_TRACE(there_already ? "a store is there" : "no data_dir yet");
    if (there_already) {
      ASSERT_TRUE(start()) << relay.output();
      ASSERT_EQ(relay.stop(), 0);
    }
    disk.fail_opening_to_write(EROFS);
    ASSERT_FALSE(start());
    EXPECT_EQ(relay.process().wait(), 1);
    EXPECT_NE(relay.output().find(relay.data_dir()), std::string::npos) << relay.output();
    EXPECT_NE(relay.output().find("Read-only file system"), std::string::npos) << relay.output();
    disk.fail_opening_to_write(0);
  }
}

}  // namespace
}  // namespace forebay::testing
