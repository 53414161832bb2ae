// CloudEvents through a real process: in by the http door, out to a sink that writes down what arrives.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

const std::string retries = "retry: {min_backoff: 10ms, max_backoff: 50ms, max_attempts: 200}";

std::string config_for(const EvilServer& sink, const std::string& sink_keys = "") {
  return "sinks: {s: {url: \"" + sink.url("/events") + "\"" + sink_keys + "}}\nqueues:\n  q: {sink: s, dedup: 1h, " +
         retries + "}\n  other: {sink: s, " + retries + "}\ntopics: {t: {queues: [q, other]}}\n";
}

EvilServer::Answer fine(const EvilServer::Request&) {
  return EvilServer::answer(200);
}

Reply send(const RunningRelay& relay, const std::string& type, const std::string& body, const std::string& more = "",
           const std::string& path = "/v1/queues/q/messages") {
  return relay.http("POST", path, body, "Content-Type: " + type + "\r\n" + more);
}

std::string event(const std::string& id, const std::string& more = "") {
  return "{\"specversion\": \"1.0\", \"id\": \"" + id + "\", \"source\": \"/shop\", \"type\": \"order.paid\"" + more +
         "}";
}

const std::string structured = "application/cloudevents+json";
const std::string batch = "application/cloudevents-batch+json";
const std::string headers = "ce-specversion: 1.0\r\nCe-Id: a%20b\r\nCE-SOURCE: /shop\r\nce-type: order.paid\r\n";

TEST(CloudEventsInAndOut, binary_goes_out_as_it_came_over_kill_9) {
  EvilServer sink(fine);
  RunningRelay relay(config_for(sink));
  sink.stop();
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string body("\x01\x02{\0", 4);
  const Reply reply = send(relay, "image/png", body, headers + "ce-tenant: caf%C3%A9\r\n");
  ASSERT_EQ(reply.status, 202) << reply.body;
  relay.kill();
  sink.restart();
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() >= 1; }));
  const EvilServer::Request got = sink.requests()[0];
  EXPECT_EQ(got.body, body);
  EXPECT_EQ(got.header("Content-Type"), "image/png");
  for (const char* line : {"ce-specversion: 1.0\r\n", "Ce-Id: a%20b\r\n", "CE-SOURCE: /shop\r\n",
                           "ce-type: order.paid\r\n", "ce-tenant: caf%C3%A9\r\n"}) {
    EXPECT_NE(got.head.find(line), std::string::npos) << line << got.head;
  }
  EXPECT_EQ(got.header("Idempotency-Key"), "/shop a b");
}

TEST(CloudEventsInAndOut, structured_goes_out_as_it_came) {
  EvilServer sink(fine);
  RunningRelay relay(config_for(sink));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string body = " " + event("1", ", \"data\": {\"n\": 1.000, \"id\": 7}") + "\n";
  ASSERT_EQ(send(relay, structured + "; charset=utf-8", body).status, 202);
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() == 1; }));
  EXPECT_EQ(sink.requests()[0].body, body);
  EXPECT_EQ(sink.requests()[0].header("Content-Type"), structured + "; charset=utf-8");
  EXPECT_EQ(sink.requests()[0].header("Idempotency-Key"), "/shop 1");
}

TEST(CloudEventsInAndOut, a_batch_is_a_message_an_event_over_kill_9) {
  EvilServer sink(fine);
  RunningRelay relay(config_for(sink));
  sink.stop();
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string both = "[" + event("1") + " ,\n" + event("2", ", \"data\": [1]") + "]";
  const Json answer = json_of(send(relay, batch, both), 202);
  EXPECT_EQ(answer["accepted"], 2);
  EXPECT_EQ(answer["messages"].size(), 2u);
  EXPECT_EQ(send(relay, batch, "[" + event("3") + "]", "", "/v1/queues/q/messages:batch").status, 202);
  EXPECT_EQ(send(relay, batch, "[" + event("4") + "]", "", "/v1/topics/t/messages").status, 202);
  relay.kill();
  sink.restart();
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals_by_id().size() == 5; }));
  std::multiset<std::string> bodies;
  for (const auto& request : sink.requests()) {
    EXPECT_EQ(request.header("Content-Type"), structured);
    if (request.header("Forebay-Attempt") == "1") bodies.insert(request.body);
  }
  for (const auto& wanted : {event("1"), event("2", ", \"data\": [1]"), event("3"), event("4")}) {
    const auto got = sink.requests();
    EXPECT_TRUE(std::any_of(got.begin(), got.end(), [&](const auto& request) { return request.body == wanted; }))
        << wanted;
  }
}

TEST(CloudEventsInAndOut, source_and_id_are_the_idempotency_key_in_every_mode) {
  EvilServer sink(fine);
  RunningRelay relay(config_for(sink));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(relay.admin("POST", "/v1/queues/q:pause").status, 200);
  const Json first = json_of(send(relay, structured, event("1")), 202);
  EXPECT_EQ(first["deduplicated"], false);
  const Json again = json_of(send(relay, structured, event("1")), 202);
  EXPECT_EQ(again["deduplicated"], true);
  EXPECT_EQ(again["id"], first["id"]);
  EXPECT_EQ(send(relay, structured, event("1", ", \"data\": 2")).status, 422) << "the same id, another event";
  const Json both = json_of(send(relay, batch, "[" + event("1") + "," + event("2") + "]"), 202);
  EXPECT_EQ(both["messages"][0]["deduplicated"], true);
  EXPECT_EQ(both["messages"][0]["id"], first["id"]);
  EXPECT_EQ(both["messages"][1]["deduplicated"], false);
  EXPECT_EQ(json_of(send(relay, "a/b", "x", headers), 202)["deduplicated"], false);
  EXPECT_EQ(json_of(send(relay, "a/b", "x", headers), 202)["deduplicated"], true);
  const std::string own = "Idempotency-Key: mine\r\n";
  EXPECT_EQ(json_of(send(relay, structured, event("1"), own), 202)["deduplicated"], false)
      << "a key that is given wins";
  const std::string lengthy(600, 'x');
  EXPECT_EQ(json_of(send(relay, structured, event(lengthy)), 202)["deduplicated"], false);
  EXPECT_EQ(json_of(send(relay, structured, event(lengthy)), 202)["deduplicated"], true);
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(json_of(send(relay, structured, event("1")), 202)["id"], first["id"]) << "also over kill -9";
}

TEST(CloudEventsInAndOut, what_lacks_an_attribute_is_refused_by_name) {
  EvilServer sink(fine);
  RunningRelay relay(config_for(sink));
  ASSERT_TRUE(relay.start()) << relay.output();
  struct Bad {
    std::string type, body, headers, says;
  };
  const Bad all[] = {
      {"a/b", "x", "ce-id: 1\r\nce-source: /s\r\nce-specversion: 1.0\r\n", "ce-type is missing"},
      {"a/b", "x", "ce-type: t\r\n", "ce-id is missing"},
      {"a/b", "x", headers + "ce-id: 2\r\n", "Ce-Id is given more than once"},
      {"a/b", "x", "ce-id:\r\nce-source: /s\r\nce-specversion: 1.0\r\nce-type: t\r\n", "ce-id is empty"},
      {structured, "{\"specversion\": \"1.0\", \"id\": \"1\", \"type\": \"t\"}", "", "source is missing"},
      {structured, "{\"specversion\": \"1.0\", \"id\": 1, \"type\": \"t\"}", "", "id must be a text"},
      {structured, event("1", ", \"id\": \"2\""), "", "id is given more than once"},
      {structured, event("1", ", \"data\": 01"), "", "is not JSON"},
      {structured, event("1") + "x", "", "is not JSON"},
      {structured, "[]", "", "is not a JSON object"},
      {structured, "", "", "is not JSON"},
      {batch, "[" + event("1") + ", {\"id\": \"2\"}]", "", "event 2 source is missing"},
      {batch, "[1]", "", "holds something that is not an object"},
      {batch, event("1"), "", "is not an array of events"},
      {batch, "[" + event("1") + "", "", "is not JSON"},
      {batch, "[" + event("1") + "] x", "", "is not JSON"},
  };
  for (const Bad& bad : all) {
    const Reply reply = send(relay, bad.type, bad.body, bad.headers);
    const Json problem = json_of(reply, 400);
    EXPECT_EQ(problem.value("type", ""), "/problems/bad-event") << bad.body;
    EXPECT_NE(problem.value("detail", "").find(bad.says), std::string::npos) << problem;
  }
  EXPECT_EQ(send(relay, batch, "[]").status, 422);
  EXPECT_EQ(send(relay, batch, "[" + event("1") + "]", "Forebay-Key: k\r\n").status, 422);
  const std::string large = ", \"data\": \"" + std::string(300'000, 'x') + "\"";
  EXPECT_EQ(send(relay, batch, "[" + event("1", large) + "]", "", "/v1/queues/q/messages:batch").status, 413);
  EXPECT_EQ(relay.metric("forebay_backlog_messages{class=\"default\",queue=\"q\",state=\"ready\"}"), 0);
  EXPECT_EQ(sink.arrivals(), 0) << "nothing of what was refused is kept";
}

TEST(CloudEventsInAndOut, a_batch_of_events_goes_out_as_one) {
  EvilServer sink(fine);
  RunningRelay relay(config_for(sink, ", batch: {max: 2, linger: 10s}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(send(relay, batch, "[" + event("1") + "," + event("2") + "]").status, 202);
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() == 1; }));
  EXPECT_EQ(sink.requests()[0].header("Content-Type"), batch);
  EXPECT_EQ(sink.requests()[0].body, "[" + event("1") + "," + event("2") + "]");
}

}  // namespace
}  // namespace forebay::testing
