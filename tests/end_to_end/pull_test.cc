// Pulled queues on a real process: leases, what becomes of them, and that they outlive a kill.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/end_to_end/json_reply.h"

namespace forebay::testing {
namespace {

constexpr const char* plain = "queues:\n  q: {pull: true, retry: {max_attempts: 3}}\n";

TEST(Pull, what_is_acknowledged_is_gone_and_what_is_not_comes_back) {
  RunningRelay relay(plain);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  EXPECT_TRUE(consumer.lease(10).empty());
  const std::string a = relay.publish("q", "a", "Forebay-Forward-X-Shop: 7\r\nContent-Type: text/plain\r\n");
  const std::string b = relay.publish("q", "{\"n\": 1}", "Content-Type: application/json\r\n");
  const std::string c = relay.publish("q", std::string("\xff\x00\x01", 3));
  const Json messages = consumer.lease(10, "20s");
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0]["id"], a);
  EXPECT_EQ(messages[0]["attempt"], 1);
  EXPECT_EQ(messages[0]["body"], "a");
  EXPECT_EQ(messages[0]["headers"]["X-Shop"], "7");
  EXPECT_EQ(messages[1]["body"], Json({{"n", 1}}));
  EXPECT_EQ(messages[2]["body_base64"], "/wAB");
  EXPECT_TRUE(consumer.lease(10).empty()) << "they are leased";
  const Json status = json_of(relay.http("GET", "/v1/messages/" + a));
  EXPECT_EQ(status["state"], "leased");
  EXPECT_EQ(status["waiting_on"]["kind"], "lease");
  EXPECT_FALSE(status["waiting_on"]["until"].is_null());
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"leased\"}"), 3);
  EXPECT_EQ(consumer.ack(messages[0]), "done");
  EXPECT_EQ(consumer.ack(messages[0]), "expired");
  EXPECT_EQ(consumer.ack({{"lease_id", "nonsense"}}), "unknown");
  EXPECT_EQ(json_of(relay.http("GET", "/v1/messages/" + a))["state"], "delivered");
  EXPECT_EQ(consumer.nack(messages[1]), "done");
  const Json again = consumer.one();
  EXPECT_EQ(again["id"], b);
  EXPECT_EQ(again["attempt"], 2);
  EXPECT_EQ(consumer.ack(messages[1]), "expired") << "its lease is another's now";
  EXPECT_EQ(consumer.ack(again), "done");
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Pull, a_lease_that_ends_spends_an_attempt_and_the_last_one_buries_it) {
  RunningRelay relay(plain);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  const std::string id = relay.publish("q", "x");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const Json message = consumer.one("200ms");
    ASSERT_EQ(message["id"], id);
    EXPECT_EQ(message["attempt"], attempt);
  }
  ASSERT_TRUE(
      RunningRelay::eventually([&] { return json_of(relay.http("GET", "/v1/messages/" + id))["state"] == "dead"; }));
  const Json letters = json_of(relay.admin("GET", "/v1/queues/q/dead"))["letters"];
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0]["reason"], "attempts exhausted: lease expired");
  EXPECT_EQ(letters[0]["attempts"], 3);
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Pull, a_lease_can_be_extended) {
  RunningRelay relay(plain);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  relay.publish("q", "x");
  const Json message = consumer.one("1s");
  EXPECT_EQ(consumer.extend(message, "1h"), "done");
  EXPECT_TRUE(consumer.lease(1, "3s").empty()) << "the first end of the lease no longer counts";
  EXPECT_EQ(consumer.ack(message), "done");
}

// A kill takes neither the lease nor its time.
// What a consumer has is the consumer's in the next process, too: nothing ends it meanwhile.
TEST(Pull, a_leased_message_is_protected_after_a_restart_as_before) {
  RunningRelay relay("queues:\n  q: {pull: true, ttl: 3s}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  const std::string id = relay.publish("q", "x");
  const Json message = consumer.one("1h");
  relay.publish("q", "after it, so that the lease is synced", "Forebay-Delay: 1h\r\nForebay-TTL: 2h\r\n");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string series = "forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"";
  EXPECT_EQ(relay.metric(series + "leased\"}"), 1);
  EXPECT_EQ(relay.metric(series + "retrying\"}"), 0);
  EXPECT_EQ(relay.http("DELETE", "/v1/messages/" + id).status, 409);
  EXPECT_EQ(json_of(relay.admin("POST", "/v1/queues/q:purge"))["changed"], 1) << "the delayed one";
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(RunningRelay::eventually(
      [&] { return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(3500); }));
  EXPECT_EQ(json_of(relay.http("GET", "/v1/messages/" + id))["state"], "leased") << "its ttl is for who waits";
  EXPECT_EQ(consumer.ack(message), "done");
  EXPECT_EQ(json_of(relay.http("GET", "/v1/messages/" + id))["state"], "delivered");
  EXPECT_EQ(consumer.ack(message), "expired");
}

TEST(Pull, what_was_given_back_with_a_delay_is_nobodys_after_a_restart) {
  RunningRelay relay(plain);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  const std::string id = relay.publish("q", "x");
  const Json message = consumer.one("1h");
  const Json back = {{"lease_ids", {message.value("lease_id", "")}}, {"delay", "1h"}};
  ASSERT_EQ(json_of(consumer.post("nack", back))["results"][0]["status"], "done");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(json_of(relay.http("GET", "/v1/messages/" + id))["state"], "retrying");
  EXPECT_EQ(consumer.ack(message), "expired");
  EXPECT_EQ(relay.http("DELETE", "/v1/messages/" + id).status, 200);
  EXPECT_EQ(consumer.ack(message), "expired");
}

// In strict order a key's head stands in its line, leased or not: there it can still be ended, and its ack says so.
TEST(Pull, an_old_lease_of_a_message_that_ended_is_expired) {
  RunningRelay relay("queues:\n  q: {pull: true, order: strict, key: 'header:X-Key'}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  const std::string id = relay.publish("q", "x", "X-Key: k\r\n");
  const Json message = consumer.one("1h");
  relay.publish("q", "y", "X-Key: k\r\n");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_TRUE(consumer.lease(1).empty()) << "the key waits for its head";
  ASSERT_EQ(relay.http("DELETE", "/v1/messages/" + id).status, 200);
  for (const char* verb : {"ack", "nack", "extend"}) {
    Json body = {{"lease_ids", {message.value("lease_id", "")}}};
    if (std::string(verb) == "extend") body["lease"] = "1h";
    EXPECT_EQ(json_of(consumer.post(verb, body))["results"][0]["status"], "expired") << verb;
  }
  EXPECT_EQ(consumer.one()["body"], "y");
}

TEST(Pull, a_lease_outlives_kill_9) {
  RunningRelay relay(plain);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  const std::string kept = relay.publish("q", "kept"), lost = relay.publish("q", "lost");
  const std::string extended = relay.publish("q", "extended"), back = relay.publish("q", "back");
  const Json leased = consumer.lease(1, "20s", "1h"), dropped = consumer.lease(1, "20s", "3s");
  const Json longer = consumer.lease(1, "20s", "3s"), given_back = consumer.lease(1, "20s", "1h");
  ASSERT_EQ(given_back.size(), 1u);
  relay.publish("q", "after it, so that the leases are synced");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(json_of(relay.http("GET", "/v1/messages/" + kept))["state"], "leased");
  EXPECT_EQ(consumer.extend(longer[0], "1h"), "done");
  EXPECT_EQ(consumer.nack(given_back[0]), "done");
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    const Json message = consumer.one();
    seen.insert(message.value("id", "") + " " + std::to_string(message.value("attempt", 0)));
  }
  EXPECT_TRUE(seen.contains(lost + " 2")) << "its time was over";
  EXPECT_TRUE(seen.contains(back + " 2"));
  EXPECT_EQ(consumer.ack(leased[0]), "done");
  EXPECT_EQ(consumer.ack(dropped[0]), "expired");
  EXPECT_EQ(consumer.ack(longer[0]), "done");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  for (const std::string& id : {kept, extended}) {
    EXPECT_EQ(relay.http("GET", "/v1/messages/" + id).status, 404) << "it was acknowledged: synced";
  }
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Pull, limits_and_classes_hold_for_consumers) {
  RunningRelay relay(
      "queues:\n  q: {pull: true, limits: [5/1h], classes: {first: {priority: 0}}}\n"
      "  k: {pull: true, key: 'header:X-Key', key_limits: [1/1h]}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  for (int i = 0; i < 10; ++i) relay.publish("q", "plain");
  const std::string first = relay.publish("q", "first", "Forebay-Class: first\r\n");
  const Consumer consumer(relay, "q");
  Json got = consumer.lease(1, "20s");
  EXPECT_EQ(got[0]["id"], first);
  for (Json more = consumer.lease(20, "1s"); !more.empty(); more = consumer.lease(20, "1s")) {
    for (const Json& message : more) got.push_back(message);
  }
  EXPECT_EQ(got.size(), 5u) << "no more in an hour, acknowledged or not";
  EXPECT_EQ(consumer.ack(got[0]), "done");
  EXPECT_TRUE(consumer.lease(20).empty());
  for (const char* key : {"a", "a", "b"}) relay.publish("k", key, std::string("X-Key: ") + key + "\r\n");
  std::set<std::string> keys;
  const Consumer of_keys(relay, "k");
  for (Json more = of_keys.lease(20, "1s"); !more.empty(); more = of_keys.lease(20, "1s")) {
    for (const Json& message : more) EXPECT_TRUE(keys.insert(message["body"]).second);
  }
  EXPECT_EQ(keys, (std::set<std::string>{"a", "b"}));
}

TEST(Pull, many_wait_and_each_message_goes_to_one_of_them) {
  RunningRelay relay(plain);
  ASSERT_TRUE(relay.start()) << relay.output();
  constexpr int consumers = 200;
  const std::string body = "{\"wait\": \"60s\"}";
  const std::string request =
      "POST /v1/queues/q/messages:lease HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < consumers; ++i) {
    clients.push_back(std::make_unique<RawClient>(relay.http_port()));
    clients.back()->send(request);
  }
  // Those that go away while they wait get nothing, and nothing is lost to them.
  for (int i = 0; i < consumers; i += 2) clients[static_cast<size_t>(i)].reset();
  ASSERT_TRUE(
      RunningRelay::eventually([&] { return relay.metric("process_open_fds").value_or(1e9) < consumers * 0.75; }));
  std::set<std::string> published, got;
  for (int i = 0; i < consumers / 2; ++i) published.insert(relay.publish("q", "x"));
  for (int i = 1; i < consumers; i += 2) {
    const RawResponse response = clients[static_cast<size_t>(i)]->read_response().value_or(RawResponse{});
    const Json messages = Json::parse(response.body)["messages"];
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0]["attempt"], 1);
    EXPECT_TRUE(got.insert(messages[0]["id"]).second);
  }
  EXPECT_EQ(got, published);
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Pull, what_cannot_be_is_refused) {
  RunningRelay relay("sinks:\n  s: {url: \"http://127.0.0.1:9/\"}\nqueues:\n  q: {pull: true}\n  driven: {sink: s}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const Consumer consumer(relay, "q");
  for (const char* body :
       {"{\"max\": 0}", "{\"max\": 1001}", "{\"max\": \"1\"}", "{\"wait\": \"61s\"}", "{\"wait\": 1}",
        "{\"lease\": \"1ms\"}", "{\"lease\": \"13h\"}", "{\"leese\": \"1s\"}", "[]", "{", "nonsense"}) {
    const Reply reply = relay.http("POST", "/v1/queues/q/messages:lease", body);
    EXPECT_EQ(reply.status, 422) << body;
    EXPECT_NE(reply.body.find("bad-lease-request"), std::string::npos) << reply.body;
  }
  for (const char* body :
       {"{}", "{\"lease_ids\": []}", "{\"lease_ids\": [1]}", "{\"lease_ids\": [\"a\"], \"delay\": \"1s\"}"}) {
    EXPECT_EQ(relay.http("POST", "/v1/queues/q/messages:ack", body).status, 422) << body;
  }
  EXPECT_EQ(relay.http("POST", "/v1/queues/none/messages:lease", "{}").status, 404);
  EXPECT_EQ(relay.http("POST", "/v1/queues/driven/messages:lease", "{}").status, 409);
  EXPECT_EQ(relay.http("GET", "/v1/queues/q/messages:lease").status, 405);
}

}  // namespace
}  // namespace forebay::testing
