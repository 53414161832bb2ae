// Who is let in: the table of scopes, and the http door behind it.
#include "doors/auth/gate.h"

#include <gtest/gtest.h>

#include "tests/doors/http_door_fixture.h"

namespace forebay::testing {
namespace {

using On = NeededScope::On;

AuthToken token(std::string name, std::vector<std::string> may) {
  return {name, "secret-of-" + name, std::move(may), {}};
}

std::vector<AuthToken> tokens() {
  return {token("shop", {"publish:sms", "read:sms"}), token("clerk", {"publish:*", "read:*", "cancel:*"}),
          token("other", {"publish:mail", "cancel:mail"}), token("boss", {"admin"})};
}

std::string as(const std::string& name) {
  return "Authorization: Bearer secret-of-" + name + "\r\n";
}

struct Listed {
  DoorSide door;
  std::string_view method, path;
  Verb verb;
  On on;
  std::string_view name;
};

TEST(RouteScopes, know_every_path_of_the_contract) {
  constexpr auto http = DoorSide::http, admin = DoorSide::admin;
  const std::vector<Listed> all{
      {http, "POST", "/v1/queues/sms/messages", Verb::publish, On::name, "sms"},
      {http, "POST", "/v1/queues/sms/messages:batch", Verb::publish, On::name, "sms"},
      {http, "POST", "/v1/topics/t/messages", Verb::publish, On::name, "t"},
      {http, "POST", "/v1/topics/t/messages:batch", Verb::publish, On::name, "t"},
      {http, "POST", "/v1/queues/q/messages:lease", Verb::pull, On::name, "q"},
      {http, "POST", "/v1/queues/q/messages:ack", Verb::pull, On::name, "q"},
      {http, "POST", "/v1/queues/q/messages:nack", Verb::pull, On::name, "q"},
      {http, "POST", "/v1/queues/q/messages:extend", Verb::pull, On::name, "q"},
      {http, "GET", "/v1/topics/t/stream", Verb::read, On::name, "t"},
      {http, "GET", "/v1/messages/ID", Verb::read, On::message, "ID"},
      {http, "HEAD", "/v1/messages/ID", Verb::read, On::message, "ID"},
      {http, "DELETE", "/v1/messages/ID", Verb::cancel, On::message, "ID"},
      {http, "POST", "/v1/messages/ID:release", Verb::cancel, On::message, "ID"},
      {admin, "GET", "/", Verb::admin, On::open, ""},
      {admin, "GET", "/healthz", Verb::admin, On::open, ""},
      {admin, "GET", "/readyz", Verb::admin, On::open, ""},
      {admin, "GET", "/metrics", Verb::admin, On::metrics, ""},
  };
  for (const Listed& row : all) {
    const auto needed = needed_scope(row.door, row.method, row.path);
    ASSERT_TRUE(needed) << row.method << " " << row.path;
    EXPECT_EQ(needed->verb, row.verb) << row.path;
    EXPECT_EQ(needed->on, row.on) << row.path;
    EXPECT_EQ(needed->name, row.name) << row.path;
  }
  for (const std::string_view path : {"/v1/status", "/v1/config:reload", "/healthz/", "/healthz%2f", "//", "/READYZ"}) {
    EXPECT_FALSE(needed_scope(admin, "GET", path)) << path;  // so `admin` is asked for
  }
  EXPECT_FALSE(needed_scope(http, "GET", "/healthz"));
  EXPECT_FALSE(needed_scope(http, "POST", "/v1/queues/a/b/messages"));
}

TEST(TokenList, finds_each_of_its_tokens_and_nothing_else) {
  const TokenList list(tokens());
  for (const AuthToken& each : tokens()) {
    ASSERT_NE(list.find(each.token), nullptr);
    EXPECT_EQ(list.find(each.token)->name, each.name);
    EXPECT_EQ(list.find(each.token + " "), nullptr);
    EXPECT_EQ(list.find(each.token.substr(1)), nullptr);
  }
  EXPECT_EQ(list.find(""), nullptr);
  EXPECT_EQ(TokenList({}).find("x"), nullptr);
}

TEST(Gate, asks_for_a_token_in_the_words_of_the_rfc) {
  HttpDoorFixture door({}, false, tokens());
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "Bearer"},
      {"Authorization: Basic c2hvcDp4\r\n", "Bearer"},
      {"Authorization: Bearer\r\n", "Bearer"},
      {"Authorization: Bearer secret-of-sho\r\n", "Bearer error=\"invalid_token\""},
      {"Authorization: Bearer secret-of-shop2\r\n", "Bearer error=\"invalid_token\""},
      {as("shop") + as("shop"), "Bearer"}};
  for (const auto& [headers, challenge] : cases) {
    const RawResponse response = door.publish(headers, "x");
    EXPECT_EQ(response.status, 401) << headers;
    EXPECT_EQ(response.header("WWW-Authenticate"), challenge) << headers;
    EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << response.body;
  }
  EXPECT_TRUE(door.intake().seen().empty());
  EXPECT_EQ(door.publish("Authorization: bEARER  secret-of-shop\r\n", "x").status, 202);
}

TEST(Gate, a_scope_is_for_one_name_and_for_one_thing) {
  HttpDoorFixture door({}, false, tokens());
  EXPECT_EQ(door.publish(as("shop"), "x").status, 202);
  EXPECT_EQ(door.publish(as("clerk"), "x").status, 202);
  const RawResponse refused = door.publish(as("other"), "x");
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("it lacks the scope publish:sms"), std::string::npos) << refused.body;
  EXPECT_EQ(door.publish(as("boss"), "x").status, 403);
  EXPECT_EQ(door.batch("{\"body\":1}\n", as("shop")).status, 202);
  EXPECT_EQ(door.batch("{\"body\":1}\n", as("other")).status, 403);
  EXPECT_EQ(door.ask("POST", "/v1/queues/%73ms/messages", as("shop"), "x").status, 202);
  EXPECT_EQ(door.ask("POST", "/v1/queues/m%61il/messages", as("shop"), "x").status, 403);
  EXPECT_EQ(door.ask("POST", "/v1/queues/sms/messages:lease", as("clerk"), "{}").status, 403);
  EXPECT_EQ(door.ask("GET", "/nothing", as("shop")).status, 404);
  EXPECT_EQ(door.ask("GET", "/nothing").status, 401);
}

TEST(Gate, the_message_carries_the_name_of_the_token) {
  HttpDoorFixture door({}, false, tokens());
  ASSERT_EQ(door.publish(as("shop"), "x").status, 202);
  ASSERT_EQ(door.batch("{\"body\":1}\n{\"body\":2}\n", as("clerk")).status, 202);
  std::vector<std::string> by;
  for (const SeenMessage& message : door.intake().seen()) by.push_back(message.by);
  EXPECT_EQ(by, (std::vector<std::string>{"shop", "clerk", "clerk"}));
}

TEST(Gate, a_message_is_read_and_cancelled_by_those_who_may_on_its_queue) {
  HttpDoorFixture door({}, false, tokens());
  const std::string id = fake_id_text(7);
  MessageStatus status;
  status.id = id;
  status.queue = "sms";
  status.state = "ready";
  door.thread().run_on_loop([&] { door.intake().statuses[id] = status; });
  const std::string path = "/v1/messages/" + id, unknown = "/v1/messages/" + fake_id_text(8);
  EXPECT_EQ(door.ask("GET", path, as("shop")).status, 200);
  EXPECT_EQ(door.ask("GET", path, as("clerk")).status, 200);
  EXPECT_EQ(door.ask("GET", path, as("other")).status, 403);
  EXPECT_EQ(door.ask("GET", unknown, as("shop")).status, 404);
  EXPECT_EQ(door.ask("GET", unknown, as("other")).status, 403);  // it may read nothing
  const RawResponse refused = door.ask("DELETE", path, as("other"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("it lacks the scope cancel:sms"), std::string::npos) << refused.body;
  EXPECT_EQ(door.ask("DELETE", path, as("shop")).status, 403);
  EXPECT_EQ(door.ask("DELETE", unknown, as("other")).status, 404);
  EXPECT_EQ(door.ask("DELETE", path, as("clerk")).status, 200);
}

}  // namespace
}  // namespace forebay::testing
