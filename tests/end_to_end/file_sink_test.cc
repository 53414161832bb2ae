// Messages as lines of a file, by a real process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "tests/end_to_end/json_reply.h"

namespace forebay::testing {
namespace {

std::string file_sink(const std::string& rest) {
  return "sinks:\n  log: {type: file, " + rest + ", breaker: {max_wait: 100ms}}\nqueues:\n  q: {sink: log}\n";
}

std::vector<std::string> lines_in(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool is_delivered(const RunningRelay& relay, double count) {
  return RunningRelay::eventually(
      [&] { return relay.metric("forebay_delivered_messages_total{class=\"default\",queue=\"q\"}") == count; });
}

std::string batch_of(int first, int count) {
  std::string lines;
  for (int i = first; i < first + count; ++i) lines += "{\"body\": {\"n\": " + std::to_string(i) + "}}\n";
  return lines;
}

Reply publish_batch(const RunningRelay& relay, int first, int count) {
  return relay.http("POST", "/v1/queues/q/messages:batch", batch_of(first, count),
                    "Content-Type: application/x-ndjson\r\n");
}

TEST(FileSinkProcess, writes_every_message_as_a_line_and_rotates) {
  TempDir directory;
  const std::string path = directory.path() + "/out";
  RunningRelay relay(file_sink("path: \"" + path + "\", rotate: {size: 64KiB, keep: 50}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(publish_batch(relay, i * 100, 100).status, 202);
  ASSERT_TRUE(is_delivered(relay, 2000)) << relay.output();
  std::vector<int> numbers;
  size_t files = 0;
  for (int nth = 50; nth >= 0; --nth) {
    const std::string name = nth == 0 ? path : path + "." + std::to_string(nth);
    const auto lines = lines_in(name);
    files += !lines.empty();
    size_t bytes = 0;
    for (const std::string& line : lines) {
      const Json json = Json::parse(line);
      EXPECT_EQ(json["queue"], "q");
      EXPECT_EQ(json["id"].get<std::string>().size(), 26u);
      numbers.push_back(json["body"]["n"]);
      bytes += line.size() + 1;
    }
    EXPECT_LE(bytes, 64u * 1024);
  }
  EXPECT_GE(files, 4u);
  ASSERT_EQ(numbers.size(), 2000u);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(numbers[static_cast<size_t>(i)], i) << "the oldest file first: in order";
  EXPECT_EQ(relay.stop(), 0);
}

TEST(FileSinkProcess, a_dash_is_standard_output) {
  RunningRelay relay(file_sink("path: \"-\""));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string id = relay.publish("q", "hello", "Content-Type: text/plain\r\nForebay-Key: k\r\n");
  const auto line = relay.process().wait_for("\"id\":\"" + id + "\"");
  ASSERT_TRUE(line);
  Json json = Json::parse(*line);
  json.erase("time");
  EXPECT_EQ(json, Json({{"id", id},
                        {"queue", "q"},
                        {"key", "k"},
                        {"attempt", 1},
                        {"content_type", "text/plain"},
                        {"body", "hello"}}));
  EXPECT_EQ(relay.stop(), 0);
}

// A kill leaves lines that were written and not said to be, and a power cut may leave half of one.
TEST(FileSinkProcess, kill_9_loses_nothing_and_merges_no_lines) {
  TempDir directory;
  const std::string path = directory.path() + "/out";
  RunningRelay relay(file_sink("path: \"" + path + "\""));
  constexpr int rounds = 5, messages = 400;
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(relay.start()) << relay.output();
    ASSERT_EQ(publish_batch(relay, round * messages, messages).status, 202);
    const size_t before = lines_in(path).size();
    ASSERT_TRUE(RunningRelay::eventually([&] { return lines_in(path).size() > before; }));
    relay.kill();
    std::ofstream(path, std::ios::app) << "{\"id\":\"half a li";
  }
  ASSERT_TRUE(relay.start()) << relay.output();
  // What was in flight is tried again after a backoff.
  ASSERT_TRUE(RunningRelay::eventually([&] {
    const auto none = [&](const std::string& state) {
      return relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"" + state + "\"}") == 0;
    };
    return none("ready") && none("retrying") && none("in_flight") && none("dead");
  })) << relay.output();
  ASSERT_NE(relay.publish("q", "{\"n\": -1}"), "");
  EXPECT_EQ(relay.stop(), 0);
  std::map<int, int> seen;
  int halves = 0;
  for (const std::string& line : lines_in(path)) {
    const Json json = Json::parse(line, nullptr, false);
    halves += json.is_discarded();
    if (json.is_discarded()) {
      EXPECT_EQ(line, "{\"id\":\"half a li");
    } else {
      ++seen[json["body"]["n"].get<int>()];
    }
  }
  EXPECT_EQ(halves, rounds);
  for (int i = 0; i < rounds * messages; ++i) EXPECT_GE(seen[i], 1) << i;
}

// The path is a full device first, and a file of its own once somebody has made room.
TEST(FileSinkProcess, a_full_disk_keeps_every_message_and_recovers_by_itself) {
  TempDir directory;
  const std::string path = directory.path() + "/out";
  ASSERT_EQ(symlink("/dev/full", path.c_str()), 0);
  RunningRelay relay("sinks:\n  log: {type: file, path: \"" + path +
                     "\", breaker: {min_wait: 10ms, max_wait: 50ms}}\nqueues:\n  q: {sink: log, retry: {max_attempts: "
                     "2}}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(publish_batch(relay, 0, 50).status, 202);
  const std::string faults = "forebay_attempts_total{outcome=\"sink_fault\",sink=\"log\"}";
  ASSERT_TRUE(RunningRelay::eventually([&] { return relay.metric(faults).value_or(0) >= 5; })) << relay.output();
  const Json sink = json_of(relay.admin("GET", "/v1/sinks/log"));
  EXPECT_EQ(sink["state"], "breaker");
  EXPECT_NE(sink["reason"].get<std::string>().find("No space left on device"), std::string::npos) << sink;
  EXPECT_EQ(relay.admin("GET", "/healthz").status, 200);
  unlink(path.c_str());
  ASSERT_TRUE(is_delivered(relay, 50)) << relay.output();
  EXPECT_EQ(lines_in(path).size(), 50u);
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"dead\"}"), 0);
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
