// Messages of a real process into a real Redis.
#include <gtest/gtest.h>

#include <set>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/redis_server.h"

namespace forebay::testing {
namespace {

std::string redis_sink(const std::string& url, const std::string& into) {
  return "sinks:\n  store: {type: redis, url: \"" + url + "\", redis: " + into +
         ", timeout: 2s, breaker: {min_wait: 10ms, max_wait: 50ms}, retry_budget: 100%}\n"
         "queues:\n  q: {sink: store, retry: {max_attempts: 100, min_backoff: 10ms, max_backoff: 100ms}}\n";
}

double attempts(const RunningRelay& relay, const std::string& outcome) {
  return relay.metric("forebay_attempts_total{outcome=\"" + outcome + "\",sink=\"store\"}").value_or(0);
}

bool is_delivered(const RunningRelay& relay, double count) {
  return RunningRelay::eventually([&] { return attempts(relay, "delivered") == count; });
}

TEST(RedisSinkProcess, adds_to_a_stream) {
  RedisServer server;
  RunningRelay relay(redis_sink(server.url(), "{as: stream, name: orders, max_length: 1000}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string id = relay.publish("q", "{\"n\": 1}",
                                       "Content-Type: application/json\r\nForebay-Key: k\r\n"
                                       "Forebay-Forward-X-Tenant: acme\r\nIdempotency-Key: once\r\n");
  ASSERT_TRUE(is_delivered(relay, 1)) << relay.output();
  const std::string entry = server.ask({"XRANGE", "orders", "-", "+"});
  const std::string fields = entry.substr(entry.find('\n') + 1);
  EXPECT_EQ(fields.substr(0, fields.find("\n\n")), "id\n" + id +
                                                       "\nqueue\nq\nkey\nk\nattempt\n1\nidempotency_key\nonce\n"
                                                       "content_type\napplication/json\nheaders\n"
                                                       "{\"X-Tenant\":\"acme\"}\nbody\n{\"n\": 1}");
  EXPECT_EQ(relay.stop(), 0);
}

TEST(RedisSinkProcess, adds_to_a_list_by_name_with_password_and_database) {
  RedisServer server({"--requirepass", "pass word"});
  const std::string url = "redis://:pass%20word@localhost:" + std::to_string(server.port()) + "/2";
  RunningRelay relay(redis_sink(url, "{as: list, name: jobs}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string bytes("\0\r\n\xff$", 5);
  ASSERT_NE(relay.publish("q", bytes), "");
  ASSERT_TRUE(is_delivered(relay, 1)) << relay.output();
  EXPECT_EQ(server.ask({"AUTH", "pass word"}), "OK");
  EXPECT_EQ(server.ask({"EXISTS", "jobs"}), "0");
  EXPECT_EQ(server.ask({"SELECT", "2"}), "OK");
  EXPECT_EQ(server.ask({"LRANGE", "jobs", "0", "-1"}), bytes + "\n");
  EXPECT_EQ(relay.stop(), 0);
}

TEST(RedisSinkProcess, publishes_on_a_channel) {
  RedisServer server;
  ASSERT_EQ(server.ask({"SUBSCRIBE", "news"}), "subscribe\nnews\n1\n");
  RunningRelay relay(redis_sink(server.url(), "{as: channel, name: news}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "hello"), "");
  EXPECT_EQ(server.hear(), "news\nhello");
  ASSERT_TRUE(is_delivered(relay, 1));
  EXPECT_EQ(relay.stop(), 0);
}

TEST(RedisSinkProcess, a_wrong_password_kills_no_message) {
  RedisServer server({"--requirepass", "right"});
  RunningRelay relay(redis_sink(server.url().insert(8, ":wrong@"), "{as: list, name: jobs}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "x"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "sink_fault") >= 3; })) << relay.output();
  EXPECT_NE(relay.admin("GET", "/v1/sinks/store").body.find("redis WRONGPASS"), std::string::npos);
  EXPECT_EQ(server.ask({"AUTH", "right"}), "OK");
  EXPECT_EQ(server.ask({"CONFIG", "SET", "requirepass", "wrong"}), "OK");
  EXPECT_TRUE(is_delivered(relay, 1)) << relay.output();
  EXPECT_EQ(relay.stop(), 0);
}

TEST(RedisSinkProcess, a_server_that_is_away_is_waited_for_also_through_a_kill) {
  RedisServer server;
  RunningRelay relay(redis_sink(server.url(), "{as: list, name: jobs}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "before"), "");
  ASSERT_TRUE(is_delivered(relay, 1)) << relay.output();
  server.stop();
  for (int i = 0; i < 20; ++i) ASSERT_NE(relay.publish("q", "message " + std::to_string(i)), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "retry") >= 10; })) << relay.output();
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_TRUE(server.start());
  ASSERT_TRUE(is_delivered(relay, 20)) << relay.output();
  EXPECT_EQ(server.ask({"LLEN", "jobs"}), "20");
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"dead\"}"), 0);
  EXPECT_EQ(relay.stop(), 0);
}

// Not now, says the server: no attempt is spent on it, and it goes on by itself.
TEST(RedisSinkProcess, a_server_that_is_full_or_a_replica_is_waited_for) {
  RedisServer server;
  std::string config = redis_sink(server.url(), "{as: stream, name: orders}");
  config.replace(config.find("max_attempts: 100"), 17, "max_attempts: 1");
  RunningRelay relay(config);
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(server.ask({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  ASSERT_NE(relay.publish("q", "one"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "throttled") >= 1; })) << relay.output();
  EXPECT_NE(relay.admin("GET", "/v1/sinks/store").body.find("redis OOM"), std::string::npos);
  ASSERT_EQ(server.ask({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  ASSERT_TRUE(is_delivered(relay, 1)) << relay.output();
  ASSERT_EQ(server.ask({"REPLICAOF", "127.0.0.1", "1"}), "OK");
  ASSERT_NE(relay.publish("q", "two"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "throttled") >= 2; })) << relay.output();
  ASSERT_EQ(server.ask({"REPLICAOF", "NO", "ONE"}), "OK");
  ASSERT_TRUE(is_delivered(relay, 2)) << relay.output();
  EXPECT_EQ(server.ask({"XLEN", "orders"}), "2");
  EXPECT_EQ(relay.stop(), 0);
}

TEST(RedisSinkProcess, a_key_of_another_kind_is_the_sinks_fault) {
  RedisServer server;
  RunningRelay relay(redis_sink(server.url(), "{as: stream, name: orders}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(server.ask({"SET", "orders", "a string"}), "OK");
  ASSERT_NE(relay.publish("q", "x"), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "sink_fault") >= 1; })) << relay.output();
  EXPECT_NE(relay.admin("GET", "/v1/sinks/store").body.find("redis WRONGTYPE"), std::string::npos);
  ASSERT_EQ(server.ask({"DEL", "orders"}), "1");
  ASSERT_TRUE(is_delivered(relay, 1)) << relay.output();
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
