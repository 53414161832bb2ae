// Commands to a Redis server: what its replies mean, and what becomes of calls when it goes, comes back or misbehaves.
// Against a real server: tests/end_to_end/redis_sink_test.cc.
#include <gtest/gtest.h>

#include "sinks/redis/classify_redis.h"
#include "sinks/redis/redis_words.h"
#include "tests/sinks/sink_rig.h"
#include "tests/support/line_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Answer = LineServer::Answer;
using Line = LineServer::Line;
using Then = LineServer::Answer::Then;

SinkConfig redis_at(const std::string& authority, Duration timeout = Duration::seconds(10)) {
  SinkConfig config;
  config.name = "store";
  config.type = "redis";
  config.url = "redis://" + authority;
  config.timeout = timeout;
  config.redis = {.as = RedisSinkConfig::As::list, .name = "orders"};
  return config;
}

std::string here(const LineServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

// Says `said` to each RPUSH, and OK to the rest.
LineServer::Script says(Answer said) {
  return [=](const Line& line) -> Answer {
    if (line.text == "RPUSH") return said;
    return line.text == "AUTH" || line.text == "SELECT" ? Answer{"+OK\r\n"} : Answer{};
  };
}

struct Case {
  const char* reply;
  Kind kind;
  const char* reason;
};

class RedisReplies : public ::testing::TestWithParam<Case> {};

TEST_P(RedisReplies, AreClassified) {
  const Case& it = GetParam();
  LineServer server(says({std::string(it.reply) + "\r\n"}));
  SinkRig rig(redis_at(here(server)));
  for (Ticket ticket = 1; ticket <= 2; ++ticket) {
    const Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, it.kind) << outcome.reason;
    EXPECT_EQ(outcome.reason, it.reason);
    EXPECT_TRUE(outcome.sent && outcome.answered);
    EXPECT_EQ(outcome.retry_after.has_value(), it.kind == Kind::throttled);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, RedisReplies,
    ::testing::Values(Case{":1", Kind::delivered, "added"}, Case{"$3\r\n1-0", Kind::delivered, "added"},
                      Case{"$-1", Kind::delivered, "added"},
                      Case{"-LOADING Redis is loading the dataset in memory", Kind::throttled, "redis LOADING"},
                      Case{"-OOM command not allowed", Kind::throttled, "redis OOM"},
                      Case{"-READONLY You can't write against a read only replica.", Kind::throttled, "redis READONLY"},
                      Case{"-BUSY Redis is busy running a script", Kind::throttled, "redis BUSY"},
                      Case{"-MISCONF Redis is configured to save", Kind::throttled, "redis MISCONF"},
                      Case{"-MASTERDOWN Link with MASTER is down", Kind::throttled, "redis MASTERDOWN"},
                      Case{"-NOREPLICAS Not enough good replicas", Kind::throttled, "redis NOREPLICAS"},
                      Case{"-WRONGTYPE Operation against a key", Kind::sink_fault, "redis WRONGTYPE"},
                      Case{"-NOAUTH Authentication required.", Kind::sink_fault, "redis NOAUTH"},
                      Case{"-NOPERM this user has no permissions", Kind::sink_fault, "redis NOPERM"},
                      Case{"-MOVED 1234 127.0.0.1:7001", Kind::sink_fault, "redis MOVED"},
                      Case{"-ERR unknown command", Kind::sink_fault, "redis ERR"}));

TEST(RedisSink, ALongErrorIsCutShort) {
  LineServer server(says({"-" + std::string(1000, 'E') + "\r\n"}));
  SinkRig rig(redis_at(here(server)));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::sink_fault);
  EXPECT_EQ(outcome.reason.size(), 6u + 32u);
  EXPECT_EQ(outcome.excerpt.size(), 256u);
}

TEST(RedisSink, PipelinesAndTellsEachItsOwnReply) {
  LineServer server([](const Line& line) -> Answer {
    if (line.text.starts_with("bad")) return {"-WRONGTYPE\r\n"};
    return line.text.starts_with("good") ? Answer{":1\r\n"} : Answer{};
  });
  SinkRig rig(redis_at(here(server)));
  for (Ticket ticket = 1; ticket <= 100; ++ticket)
    rig.send(SinkRig::delivery(ticket, ticket % 7 == 0 ? "bad" : "good"));
  rig.wait_for(100);
  for (const auto& [ticket, outcome] : rig.outcomes()) {
    EXPECT_EQ(outcome.kind, ticket % 7 == 0 ? Kind::sink_fault : Kind::delivered) << ticket;
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(RedisSink, NobodyThereIsARetryAndNothingWasSent) {
  uint16_t port;
  {
    LineServer server(says({":1\r\n"}));
    port = server.port();
  }
  SinkRig rig(redis_at("127.0.0.1:" + std::to_string(port)));
  for (Ticket ticket = 1; ticket <= 3; ++ticket) {
    const Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, Kind::retry);
    EXPECT_FALSE(outcome.sent);
    EXPECT_EQ(outcome.reason, "connection refused");
  }
}

TEST(RedisSink, WhatWasSentWhenTheConnectionEndsIsUnanswered) {
  LineServer server(says({"", Then::close}));
  SinkRig rig(redis_at(here(server)));
  for (Ticket ticket = 1; ticket <= 3; ++ticket) {
    const Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, Kind::unanswered);
    EXPECT_TRUE(outcome.sent);
    EXPECT_FALSE(outcome.answered);
  }
  EXPECT_EQ(server.count("RPUSH"), 3) << "each was sent once";
}

TEST(RedisSink, ASilentServerIsUnansweredAtTheTimeout) {
  LineServer server(says({"", Then::hang}));
  SinkRig rig(redis_at(here(server), Duration::milliseconds(150)));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::unanswered);
  EXPECT_EQ(outcome.reason, "timeout");
}

TEST(RedisSink, AServerThatDoesNotGreetIsARetryAtTheTimeout) {
  LineServer server([](const Line&) { return Answer{}; });
  SinkRig rig(redis_at("me:pw@" + here(server), Duration::milliseconds(150)));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_FALSE(outcome.sent);
}

TEST(RedisSink, AConnectionThatIdledAndWentIsMadeAnew) {
  LineServer server(says({":1\r\n"}));
  SinkRig rig(redis_at(here(server)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  server.close_connections();
  Ticket ticket = 2;
  while (ticket < 10 && rig.send_and_wait(ticket).kind != Kind::delivered) ++ticket;
  EXPECT_LT(ticket, 10u);
  EXPECT_EQ(server.connections(), 2);
}

TEST(RedisSink, ComesInWithPasswordAndDatabase) {
  LineServer server(says({":1\r\n"}));
  SinkRig rig(redis_at("me:se%20cret@" + here(server) + "/3"));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  std::string said;
  for (const Line& line : server.lines()) said += line.text + " ";
  EXPECT_TRUE(said.starts_with("*3 $4 AUTH $2 me $7 se cret *2 $6 SELECT $1 3 *3 $5 RPUSH ")) << said;
}

struct Greeting {
  const char* to_auth;
  const char* to_select;
  Kind kind;
  const char* said;
};

class RedisGreetings : public ::testing::TestWithParam<Greeting> {};

// A server that does not know AUTH repeats what it was given.
TEST_P(RedisGreetings, AreClassifiedAndNeverRepeatAPassword) {
  const Greeting& it = GetParam();
  LineServer server([&](const Line& line) -> Answer {
    if (line.text == "AUTH") return {std::string(it.to_auth) + "\r\n"};
    return line.text == "SELECT" ? Answer{std::string(it.to_select) + "\r\n"} : Answer{};
  });
  SinkRig rig(redis_at(":pass-word@" + here(server) + "/3"));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, it.kind);
  EXPECT_EQ(outcome.reason, "redis " + std::string(it.said));
  EXPECT_EQ(outcome.excerpt, it.said);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(server.count("RPUSH"), 0);
}

INSTANTIATE_TEST_SUITE_P(All, RedisGreetings,
                         ::testing::Values(Greeting{"-WRONGPASS invalid username-password pair", "", Kind::sink_fault,
                                                    "WRONGPASS invalid username-password pair"},
                                           Greeting{
                                               "-ERR unknown command 'AUTH', with args beginning with: 'pass-word'", "",
                                               Kind::sink_fault, "ERR to AUTH"},
                                           Greeting{"-ERR max number of clients reached", "", Kind::throttled,
                                                    "ERR max number of clients reached"},
                                           Greeting{"+OK", "-ERR DB index is out of range", Kind::sink_fault,
                                                    "ERR DB index is out of range"},
                                           Greeting{"+OK", "-LOADING soon", Kind::throttled, "LOADING soon"}));

class RedisNonsense : public ::testing::TestWithParam<std::string> {};

TEST_P(RedisNonsense, IsUnansweredAndTheNextCallGoesOnANewConnection) {
  LineServer server([&](const Line& line) -> Answer {
    if (line.text != "RPUSH") return {};
    return {line.connection == 1 ? GetParam() : ":1\r\n"};
  });
  SinkRig rig(redis_at(here(server), Duration::seconds(2)));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::unanswered);
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
}

INSTANTIATE_TEST_SUITE_P(All, RedisNonsense,
                         ::testing::Values("HTTP/1.1 400 Bad Request\r\n", "*2000000000\r\n", "$-7\r\n", "*5000\r\n",
                                           "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
                                           ":12notanumber\r\n"));

TEST(RedisSink, AServerThatSpeaksUnaskedIsLeft) {
  LineServer server([](const Line& line) -> Answer {
    if (line.text != "RPUSH") return {};
    return {line.connection == 1 ? ":1\r\n:1\r\n:1\r\n" : ":1\r\n"};
  });
  SinkRig rig(redis_at(here(server)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.count("RPUSH"), 2);
}

TEST(RedisSink, AfterReadonlyAnotherConnectionIsTried) {
  LineServer server([](const Line& line) -> Answer {
    if (line.text != "RPUSH") return {};
    return {line.connection == 1 ? "-READONLY a replica now\r\n" : ":1\r\n"};
  });
  SinkRig rig(redis_at(here(server)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::throttled);
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
  EXPECT_EQ(server.connections(), 2);
}

TEST(RedisSink, AnotherUrlHoldsForWhatComesAfterIt) {
  LineServer one(says({":1\r\n"})), two(says({":1\r\n"}));
  SinkRig rig(redis_at(here(one)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  rig.sink().reconfigure(redis_at(here(two)));
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
  EXPECT_EQ(one.count("RPUSH"), 1);
  EXPECT_EQ(two.count("RPUSH"), 1);
}

// The first one never greets.
TEST(RedisSink, AnotherUrlIsNotHeldUpByTheOldOne) {
  LineServer one([](const Line&) { return Answer{}; }), two(says({":1\r\n"}));
  SinkRig rig(redis_at(":pw@" + here(one), Duration::seconds(60)));
  rig.send(SinkRig::delivery(1));
  rig.run_until([&] { return one.count("AUTH") == 1; });
  rig.sink().reconfigure(redis_at(here(two), Duration::seconds(60)));
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
  EXPECT_EQ(rig.outcomes().at(1).kind, Kind::delivered);
  EXPECT_EQ(two.count("RPUSH"), 2);
}

TEST(RedisSink, ShutDownTellsWhatWasSentAndWhatWasNot) {
  LineServer server(says({"", Then::hang}));
  SinkRig rig(redis_at(here(server)));
  rig.send(SinkRig::delivery(1));
  rig.run_until([&] { return server.count("RPUSH") == 1; });
  rig.sink().shut_down();
  ASSERT_EQ(rig.outcomes_of(1), 1);
  EXPECT_TRUE(rig.outcomes().at(1).sent);
  EXPECT_EQ(rig.outcomes().at(1).reason, "shut down");
}

TEST(RedisWords, OfAStreamSayWhatTheMessageIs) {
  Delivery delivery = SinkRig::delivery(1, std::string_view("\0\r\n", 3));
  delivery.key = "k";
  delivery.attempt = 2;
  delivery.headers = {{"X-Tenant", "acme"}};
  RedisSinkConfig config{.as = RedisSinkConfig::As::stream, .name = "s", .max_length = 10};
  const std::vector<std::string> words{"XADD",
                                       "s",
                                       "MAXLEN",
                                       "~",
                                       "10",
                                       "*",
                                       "id",
                                       "M1",
                                       "queue",
                                       "sms",
                                       "key",
                                       "k",
                                       "attempt",
                                       "2",
                                       "idempotency_key",
                                       "M1",
                                       "content_type",
                                       "text/plain",
                                       "headers",
                                       "{\"X-Tenant\":\"acme\"}",
                                       "body",
                                       std::string("\0\r\n", 3)};
  EXPECT_EQ(redis_words(config, delivery), words);
}

TEST(RedisWords, OfAListAndAChannelAreTheBody) {
  EXPECT_EQ(redis_words({.as = RedisSinkConfig::As::list, .name = "l"}, SinkRig::delivery(1)),
            (std::vector<std::string>{"RPUSH", "l", "hello"}));
  EXPECT_EQ(redis_words({.as = RedisSinkConfig::As::channel, .name = "c"}, SinkRig::delivery(1)),
            (std::vector<std::string>{"PUBLISH", "c", "hello"}));
}

}  // namespace
}  // namespace forebay
