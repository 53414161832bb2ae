// Tokens on the real program: both doors, and their change while it runs.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/end_to_end/running_relay.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

std::string auth(const std::string& shop_token) {
  return "auth:\n  tokens:\n    - {name: shop, token: " + shop_token +
         ", may: [publish:q, read:q]}\n    - {name: boss, token: boss-token, may: admin}\n"
         "    - {name: eye, token: eye-token, may: [\"read:*\"]}\n";
}

std::string as(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

const std::string sinks = "sinks: {s: {url: \"http://127.0.0.1:9/\"}}\nqueues: {q: {sink: s}}\n";

TEST(Tokens, hold_at_the_admin_door) {
  RunningRelay relay(sinks, auth("shop-token"));
  ASSERT_TRUE(relay.start()) << relay.output();
  for (const char* path : {"/", "/healthz", "/readyz"}) EXPECT_EQ(relay.admin("GET", path).status, 200) << path;
  for (const char* path : {"/metrics", "/v1/status", "/v1/queues", "/v1/queues/q", "/v1/sinks/s", "/nothing"}) {
    EXPECT_EQ(relay.admin("GET", path).status, 401) << path;
    EXPECT_EQ(relay.admin("GET", path, "", as("shop-token")).status, 403) << path;
    const int wanted = std::string(path) == "/nothing" ? 404 : 200;
    EXPECT_EQ(relay.admin("GET", path, "", as("boss-token")).status, wanted) << path;
  }
  EXPECT_EQ(relay.admin("GET", "/metrics", "", as("eye-token")).status, 200);
  EXPECT_EQ(relay.admin("GET", "/v1/status", "", as("eye-token")).status, 403);
  EXPECT_EQ(relay.admin("POST", "/v1/queues/q:pause").status, 401);
  EXPECT_EQ(relay.admin("POST", "/v1/queues/q:pause", "", as("eye-token")).status, 403);
  EXPECT_EQ(relay.admin("POST", "/v1/queues/q:pause", "", as("boss-token")).status, 200);
}

TEST(Tokens, change_with_a_reload) {
  RunningRelay relay(sinks, auth("first"));
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages", "x").status, 401);
  EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages", "x", as("first")).status, 202);
  std::ifstream in(relay.config_path());
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.replace(text.find("first"), 5, "second");
  std::ofstream(relay.config_path()) << text;
  relay.process().signal(SIGHUP);
  const auto line = relay.process().wait_for("the config is reloaded");
  ASSERT_TRUE(line);
  EXPECT_NE(line->find("auth.tokens.shop.token changed"), std::string::npos) << *line;
  EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages", "x", as("first")).status, 401);
  EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages", "x", as("second")).status, 202);
}

TEST(Tokens, that_are_changed_end_what_was_begun_with_the_old_ones) {
  RunningRelay relay("queues:\n  p: {pull: true}\ntopics:\n  live: {}\n",
                     "auth: {tokens: [{name: a, token: first, may: [\"read:live\", \"pull:p\"]}]}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string head = " HTTP/1.1\r\nHost: x\r\n" + as("first");
  RawClient reader(relay.http_port()), consumer(relay.http_port());
  reader.send("GET /v1/topics/live/stream" + head + "\r\n");
  while (!reader.read_line().starts_with("retry:")) ASSERT_FALSE(reader.was_reset());
  consumer.send("POST /v1/queues/p/messages:lease" + head + "Content-Length: 14\r\n\r\n{\"wait\":\"20s\"}");
  std::ifstream file(relay.config_path());
  std::string text{std::istreambuf_iterator<char>(file), {}};
  text.replace(text.find("first"), 5, "second");
  std::ofstream(relay.config_path()) << text;
  relay.process().signal(SIGHUP);
  EXPECT_NE(reader.read_all().find("event: end\ndata: {\"reason\":\"the tokens have changed"), std::string::npos);
  const auto response = consumer.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "{\"messages\":[]}");
}

// The doors stay as they are until a restart, so the tokens of one that is open to others must.
TEST(Tokens, are_not_taken_away_from_an_admin_door_beyond_this_machine) {
  RunningRelay relay(sinks, auth("t"), "  - {type: admin, listen: \"0.0.0.0:0\"}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.wait_for_door("admin"), 0);
  std::ofstream(relay.config_path()) << "data_dir: " << relay.data_dir() << "\n" << sinks;
  const Reply reply = relay.admin("POST", "/v1/config:reload", "", as("boss-token"));
  EXPECT_EQ(reply.status, 422) << reply.body;
  EXPECT_NE(reply.body.find("until a restart"), std::string::npos) << reply.body;
  EXPECT_EQ(relay.admin("GET", "/v1/status").status, 401);
  EXPECT_EQ(relay.admin("GET", "/v1/status", "", as("boss-token")).status, 200);
}

}  // namespace
}  // namespace forebay::testing
