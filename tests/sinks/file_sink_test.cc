// Messages as lines of a file, written by a thread of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/sinks/file_rig.h"
#include "tests/sinks/sink_rig.h"
#include "tests/support/line_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Json = nlohmann::json;

SinkConfig file_at(const std::string& path) {
  SinkConfig config;
  config.name = "log";
  config.type = "file";
  config.file.path = path;
  return config;
}

TEST(FileSink, WritesALineAMessage) {
  testing::TempDir directory;
  SinkRig rig(file_at(directory.path() + "/out"));
  Delivery delivery = SinkRig::delivery(1, "{\"a\":\n [1]}");
  delivery.content_type = "application/json";
  delivery.key = "k\"1";
  delivery.attempt = 2;
  delivery.headers = {{"X-Tenant", "acme"}, {"x-tenant", "other"}};
  const Outcome outcome = rig.send_and_wait(delivery);
  EXPECT_EQ(outcome.kind, Kind::delivered);
  EXPECT_TRUE(outcome.sent);
  const auto lines = lines_in(directory.path() + "/out");
  ASSERT_EQ(lines.size(), 1u);
  Json line = Json::parse(lines[0]);
  EXPECT_TRUE(line["time"].get<std::string>().ends_with("Z"));
  line.erase("time");
  EXPECT_EQ(line, Json::parse(R"({"id": "M1", "queue": "sms", "key": "k\"1", "attempt": 2,
      "content_type": "application/json", "headers": {"X-Tenant": "acme"}, "body": {"a": [1]}})"));
}

TEST(FileSink, KeepsTheOrderInWhichItIsGivenMessages) {
  testing::TempDir directory;
  SinkRig rig(file_at(directory.path() + "/out"));
  for (Ticket ticket = 1; ticket <= 500; ++ticket) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(500);
  const auto lines = lines_in(directory.path() + "/out");
  ASSERT_EQ(lines.size(), 500u);
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(Json::parse(lines[i])["id"], "M" + std::to_string(i + 1));
}

TEST(FileSink, WhatTheFileSystemRefusesIsTheSinksFaultAndNoMessageDiesOfIt) {
  testing::TempDir directory;
  SinkRig rig(file_at(directory.path() + "/not/there"));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::sink_fault);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.reason, "cannot open " + directory.path() + "/not/there: No such file or directory");
  mkdir((directory.path() + "/not").c_str(), 0755);
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
}

TEST(FileSink, AFullDeviceIsTheSinksFault) {
  SinkRig rig(file_at("/dev/full"));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::sink_fault);
  EXPECT_EQ(outcome.reason, "cannot write /dev/full: No space left on device");
}

// Other sinks live on the same loop.
TEST(FileSink, APipeThatNobodyReadsDoesNotHoldUpTheLoop) {
  testing::TempDir directory;
  const std::string path = directory.path() + "/pipe";
  mkfifo(path.c_str(), 0600);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  SinkConfig config = file_at(path);
  config.timeout = Duration::seconds(60);
  {
    SinkRig rig(config);
    const std::string body(300'000, 'x');
    rig.send(SinkRig::delivery(1, body));
    int turns = 0;
    rig.run_until([&] { return ++turns > 20; });  // a turn comes each millisecond: none of them took the minute
    EXPECT_TRUE(rig.outcomes().empty());
    rig.sink().shut_down();  // does not wait for the minute either
    ASSERT_EQ(rig.outcomes_of(1), 1);
    EXPECT_EQ(rig.outcomes().at(1).reason, "cannot write " + path + ": shut down");
  }
  close(reader);
}

TEST(FileSink, ShutDownTellsWhatWasWrittenAndWhatWasNot) {
  testing::TempDir directory;
  SinkRig rig(file_at(directory.path() + "/out"));
  for (Ticket ticket = 1; ticket <= 10; ++ticket) rig.send(SinkRig::delivery(ticket));
  rig.sink().shut_down();
  ASSERT_EQ(rig.outcomes().size(), 10u);
  size_t delivered = 0;
  for (const auto& [ticket, outcome] : rig.outcomes()) delivered += outcome.kind == Kind::delivered;
  EXPECT_EQ(delivered, lines_in(directory.path() + "/out").size());
  EXPECT_GE(delivered, 1u);
  for (Ticket ticket = 1; ticket <= 10; ++ticket) EXPECT_EQ(rig.outcomes_of(ticket), 1);
}

TEST(FileSink, WithABatchTheFirstWaitsForOthers) {
  testing::TempDir directory;
  SinkConfig config = file_at(directory.path() + "/out");
  config.batch = {.max = 3, .linger = Duration::minutes(1)};
  SinkRig rig(config);
  rig.send(SinkRig::delivery(1));
  rig.send(SinkRig::delivery(2));
  int turns = 0;
  rig.run_until([&] { return ++turns > 10; });
  EXPECT_TRUE(rig.outcomes().empty());
  rig.send(SinkRig::delivery(3));
  rig.wait_for(3);
  EXPECT_EQ(lines_in(directory.path() + "/out").size(), 3u);
}

TEST(FileSink, AnotherPathHoldsForWhatComesAfterIt) {
  testing::TempDir directory;
  SinkRig rig(file_at(directory.path() + "/one"));
  rig.send_and_wait(1);
  rig.sink().reconfigure(file_at(directory.path() + "/two"));
  rig.send_and_wait(2);
  EXPECT_EQ(lines_in(directory.path() + "/one").size(), 1u);
  EXPECT_EQ(lines_in(directory.path() + "/two").size(), 1u);
}

// A reload may make another sink of it altogether: what is under way ends where it began.
TEST(FileSink, CanBecomeASinkOfAnotherTypeAndBack) {
  testing::TempDir directory;
  LineServer server([](const LineServer::Line& line) -> LineServer::Answer {
    if (line.text == "slow") return {"", LineServer::Answer::Then::hang};
    return line.text == "hello" ? LineServer::Answer{":1\r\n"} : LineServer::Answer{};
  });
  SinkConfig redis;
  redis.type = "redis";
  redis.url = "redis://127.0.0.1:" + std::to_string(server.port());
  redis.redis = {.as = RedisSinkConfig::As::list, .name = "x"};
  SinkRig rig(file_at(directory.path() + "/out"));
  EXPECT_EQ(rig.send_and_wait(1).reason, "written");
  rig.sink().reconfigure(redis);
  EXPECT_EQ(rig.send_and_wait(2).reason, "added");
  rig.send(SinkRig::delivery(3, "slow"));
  rig.run_until([&] { return server.count("slow") == 1; });
  rig.sink().reconfigure(file_at(directory.path() + "/out"));
  EXPECT_EQ(rig.send_and_wait(4).reason, "written");
  EXPECT_EQ(rig.outcomes_of(3), 0);
  server.close_connections();
  rig.wait_for(4);
  EXPECT_EQ(rig.outcomes().at(3).kind, Kind::unanswered);
  EXPECT_EQ(lines_in(directory.path() + "/out").size(), 2u);
}

}  // namespace
}  // namespace forebay
