#include <gtest/gtest.h>

#include <algorithm>

#include "tests/doors/http_door_fixture.h"

namespace forebay::testing {
namespace {

TEST(HttpDoor, AnswersOnceDurableWithIdAndEta) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.publish("", "hello");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.header("Location"), "/v1/messages/" + fake_id_text(1));
  EXPECT_EQ(response.header("Content-Type"), "application/json");
  EXPECT_EQ(response.body, "{\"id\":\"" + fake_id_text(1) +
                               "\",\"queue\":\"sms\",\"position\":0,\"estimated_delivery_time\":"
                               "\"1970-01-01T00:00:00.001Z\",\"deduplicated\":false}");
  ASSERT_EQ(fixture.intake().seen().size(), 1u);
  EXPECT_EQ(fixture.intake().seen()[0].body, "hello");
}

TEST(HttpDoor, ReadsEveryMetadataHeader) {
  HttpDoorFixture fixture;
  const RawResponse response =
      fixture.ask("POST", "/v1/queues/s%6Ds/messages",
                  "content-type: text/csv\r\nForebay-Key: k 1\r\nforebay-class: otp\r\nForebay-Delay: 1.5s\r\n"
                  "Forebay-Not-Before: 1970-01-01T00:01:00+00:00\r\nForebay-TTL: 7d\r\nForebay-Retries: 3\r\n"
                  "Idempotency-Key: abc\r\nForebay-Forward-X-Tenant: t1\r\nForebay-Forward-x-tenant: t2\r\n",
                  "");
  ASSERT_EQ(response.status, 202) << response.body;
  const SeenMessage m = fixture.intake().seen().at(0);
  EXPECT_EQ(m.queue, "sms");
  EXPECT_EQ(m.content_type, "text/csv");
  EXPECT_EQ(m.key, "k 1");
  EXPECT_EQ(m.klass, "otp");
  EXPECT_EQ(m.delay, Duration::milliseconds(1500));
  EXPECT_EQ(m.not_before, WallTime::from_ms(60'000));
  EXPECT_EQ(m.ttl, Duration::days(7));
  EXPECT_EQ(m.retries, 3u);
  EXPECT_EQ(m.idempotency_key, "abc");
  EXPECT_EQ(m.body, "");
  const std::vector<std::pair<std::string, std::string>> forward{{"X-Tenant", "t1"}, {"x-tenant", "t2"}};
  EXPECT_EQ(m.forward, forward);
}

struct BadHeader {
  const char* headers;
  int status;
  const char* said;
};

class HttpDoorBadHeaders : public ::testing::TestWithParam<BadHeader> {};

TEST_P(HttpDoorBadHeaders, AreRefusedByName) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.publish(GetParam().headers, "x");
  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
  EXPECT_NE(response.body.find(GetParam().said), std::string::npos) << response.body;
  EXPECT_TRUE(fixture.intake().seen().empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpDoorBadHeaders,
    ::testing::Values(BadHeader{"Forebay-Dely: 5s\r\n", 422, "did you mean Forebay-Delay?"},
                      BadHeader{"Forebay-Hold: soon\r\n", 422, "Forebay-Hold must be a duration"},
                      BadHeader{"Forebay-Delay: 5\r\n", 422, "Forebay-Delay must be a duration"},
                      BadHeader{"Forebay-Delay: 4000d\r\n", 422, "3650d at most"},
                      BadHeader{"Forebay-TTL: soon\r\n", 422, "Forebay-TTL"},
                      BadHeader{"Forebay-Not-Before: tomorrow\r\n", 422, "Forebay-Not-Before"},
                      BadHeader{"Forebay-Not-Before: 7258118400\r\n", 422, "from 1970 to before 2200"},
                      BadHeader{"Forebay-Not-Before: 1900000000000\r\n", 422, "from 1970 to before 2200"},
                      BadHeader{"Forebay-Not-Before: 99999999999999999999.5\r\n", 422, "from 1970 to before 2200"},
                      BadHeader{"Forebay-Not-Before: 9999-01-01T00:00:00Z\r\n", 422, "from 1970 to before 2200"},
                      BadHeader{"Forebay-Not-Before: 1969-12-31T23:59:59Z\r\n", 422, "from 1970 to before 2200"},
                      BadHeader{"Forebay-Retries: 255\r\n", 422, "0 to 254"},
                      BadHeader{"Forebay-Retries: 4294967296\r\n", 422, "0 to 254"},
                      BadHeader{"Forebay-Retries: -1\r\n", 422, "0 to 254"},
                      BadHeader{"Idempotency-Key:\r\n", 422, "Idempotency-Key is empty"},
                      BadHeader{"Forebay-Key: a\r\nForebay-Key: a\r\n", 400, "given more than once"},
                      BadHeader{"Content-Type: a/b\r\nContent-Type: a/b\r\n", 400, "given more than once"},
                      BadHeader{"Idempotency-Key: a\r\nidempotency-key: b\r\n", 400, "given more than once"},
                      BadHeader{"Forebay-Forward-Host: evil\r\n", 422, "cannot be forwarded"},
                      BadHeader{"Forebay-Forward-Transfer-Encoding: chunked\r\n", 422, "cannot be forwarded"},
                      BadHeader{"Forebay-Forward-Content-Length: 1\r\n", 422, "cannot be forwarded"},
                      BadHeader{"Forebay-Forward-Forebay-Attempt: 1\r\n", 422, "cannot be forwarded"},
                      BadHeader{"Forebay-Forward-: x\r\n", 422, "is not a header name"}));

struct PathCase {
  const char* method;
  const char* path;
  int status;
  const char* allow;
};

class HttpDoorPaths : public ::testing::TestWithParam<PathCase> {};

TEST_P(HttpDoorPaths, AreFoundOrRefused) {
  HttpDoorFixture fixture;
  const RawResponse response = fixture.ask(GetParam().method, GetParam().path);
  EXPECT_EQ(response.status, GetParam().status) << response.body;
  EXPECT_EQ(response.header("Allow"), GetParam().allow);
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpDoorPaths,
    ::testing::Values(
        PathCase{"GET", "/", 404, ""}, PathCase{"POST", "/v1/queues//messages", 404, ""},
        PathCase{"POST", "/v1/queues/a/b/messages", 404, ""}, PathCase{"POST", "/v1/queues/sms/messages/", 404, ""},
        PathCase{"GET", "/v1/queues/sms/messages", 405, "POST"},
        PathCase{"PUT", "/v1/queues/sms/messages:batch", 405, "POST"},
        PathCase{"POST", "/v1/messages/x", 405, "GET, HEAD, DELETE"}, PathCase{"GET", "/v1/messages/x", 404, ""},
        PathCase{"DELETE", "/v1/messages/x", 404, ""}, PathCase{"POST", "/v1/topics/t/messages", 202, ""},
        PathCase{"GET", "/v1/topics/t/stream", 404, ""}, PathCase{"POST", "/v1/queues/sms/messages:lease", 409, ""},
        PathCase{"POST", "/v1/messages/x:release", 404, ""}, PathCase{"POST", "/v1/queues/none/messages", 404, ""}));

// The admin door says the same words: AdminDoor.RefusesUnknownPathsLikeThePublishDoor.
// What a queue's key or cost may point at; none of it goes out with the message.
TEST(HttpDoor, HandsOverTheHeadersOfTheRequest) {
  HttpDoorFixture fixture;
  EXPECT_EQ(fixture.publish("X-Tenant: acme\r\nx-tenant: other\r\n", "hello").status, 202);
  const SeenMessage seen = fixture.intake().seen().at(0);
  std::vector<std::string> tenants;
  for (const auto& [name, value] : seen.headers) {
    if (name == "X-Tenant" || name == "x-tenant") tenants.push_back(value);
  }
  EXPECT_EQ(tenants, (std::vector<std::string>{"acme", "other"}));
  EXPECT_TRUE(seen.forward.empty());
  EXPECT_EQ(
      fixture.batch("{\"body\": \"hello\", \"headers\": {\"X-Tenant\": \"acme\"}}\n", "X-Tenant: batch\r\n").status,
      202);
  const SeenMessage line = fixture.intake().seen().at(1);
  EXPECT_TRUE(line.headers.empty()) << "the batch's own headers belong to no message";
  EXPECT_EQ(line.forward.size(), 1u);
}

TEST(HttpDoor, SaysWhatIsWrongWithAPath) {
  HttpDoorFixture fixture;
  EXPECT_EQ(fixture.ask("GET", "/metrics").body,
            "{\"type\":\"/problems/no-such-path\",\"title\":\"There is nothing at this path\",\"status\":404,"
            "\"detail\":\"messages come in here; state and metrics are at the admin door\"}");
  EXPECT_EQ(fixture.ask("GET", "/v1/queues/sms/messages").body,
            "{\"type\":\"/problems/method-not-allowed\",\"title\":\"This method does not go here\",\"status\":405,"
            "\"detail\":\"allowed: POST\"}");
}

TEST(HttpDoor, PassesProblemsOfTheIntakeOn) {
  HttpDoorFixture fixture;
  Problem full{503, "backlog-full", "The backlog is full", "queue \"sms\"", Duration::milliseconds(1200)};
  fixture.thread().run_on_loop([&] { fixture.intake().refuse_all = full; });
  RawResponse response = fixture.publish("", "x");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.header("Retry-After"), "2");
  EXPECT_EQ(response.body,
            "{\"type\":\"/problems/backlog-full\",\"title\":\"The backlog is full\",\"status\":503,"
            "\"detail\":\"queue \\\"sms\\\"\"}");
  fixture.thread().run_on_loop([&] {
    fixture.intake().refuse_all.reset();
    fixture.intake().fail_write = Problem{507, "disk-full", "The disk is full", "", Duration::seconds(5)};
  });
  response = fixture.publish("", "x");
  EXPECT_EQ(response.status, 507);
  EXPECT_EQ(response.header("Retry-After"), "5");
}

TEST(HttpDoor, TellsAMessagesStatusAndCancels) {
  HttpDoorFixture fixture;
  const std::string id = fake_id_text(7);
  fixture.thread().run_on_loop([&] {
    MessageStatus status{id, "sms", "ready", 1, "http 500", 3, WallTime::from_ms(5), WaitingOn{"limit", "300/1s", {}}};
    fixture.intake().statuses[id] = status;
    fixture.intake().statuses["flying"] = MessageStatus{"flying", "sms", "in_flight", 2, "", {}, {}, {}};
  });
  EXPECT_EQ(fixture.ask("GET", "/v1/messages/" + id).body,
            "{\"id\":\"" + id +
                "\",\"queue\":\"sms\",\"state\":\"ready\",\"attempts\":1,\"last_outcome\":\"http "
                "500\",\"position\":3,"
                "\"estimated_delivery_time\":\"1970-01-01T00:00:00.005Z\",\"waiting_on\":{\"kind\":\"limit\","
                "\"name\":\"300/1s\",\"until\":null}}");
  // As people type ids: in lower case, with letters that look like digits.
  std::string typed = id;
  for (char& c : typed) c = c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
  EXPECT_EQ(fixture.ask("GET", "/v1/messages/" + typed).body, fixture.ask("GET", "/v1/messages/" + id).body);
  EXPECT_EQ(fixture.ask("GET", "/v1/messages/flying").body,
            "{\"id\":\"flying\",\"queue\":\"sms\",\"state\":\"in_flight\",\"attempts\":2,\"last_outcome\":null,"
            "\"position\":null,\"estimated_delivery_time\":null,\"waiting_on\":null}");
  EXPECT_EQ(fixture.ask("DELETE", "/v1/messages/flying").status, 409);
  const RawResponse cancelled = fixture.ask("DELETE", "/v1/messages/" + id);
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.body, "{\"id\":\"" + id + "\",\"state\":\"cancelled\"}");
}

// Durability comes in any order; answers leave in the order of the requests of each connection.
TEST(HttpDoor, KeepsTheOrderOfPipelinedRequestsWhenAnswersAreLate) {
  HttpDoorFixture fixture({}, true);
  RawClient client = fixture.connect();
  std::string requests;
  for (int i = 0; i < 5; ++i) {
    requests += "POST /v1/queues/sms/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n" + std::to_string(i);
  }
  ASSERT_TRUE(client.send(requests));
  ASSERT_TRUE(fixture.intake().wait_for_calls(5));
  for (size_t call : {4, 2, 3, 0, 1}) fixture.thread().run_on_loop([&] { fixture.intake().release(call); });
  for (uint64_t number = 1; number <= 5; ++number) {
    auto response = client.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->header("Location"), "/v1/messages/" + fake_id_text(number));
  }
}

TEST(HttpDoor, AClientThatLeavesBeforeItsAnswerHarmsNobody) {
  HttpDoorFixture fixture({}, true);
  {
    RawClient client = fixture.connect();
    ASSERT_TRUE(client.send("POST /v1/queues/sms/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"));
    ASSERT_TRUE(fixture.intake().wait_for_calls(1));
    client.reset();
  }
  while (true) {
    uint64_t left = 0;
    fixture.thread().run_on_loop([&] { left = fixture.door().connections(); });
    if (left == 0) break;
  }
  fixture.thread().run_on_loop([&] { fixture.intake().release(0); });
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("POST /v1/queues/sms/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"));
  ASSERT_TRUE(fixture.intake().wait_for_calls(2));
  fixture.thread().run_on_loop([&] { fixture.intake().release(1); });
  ASSERT_TRUE(client.read_response());
}

TEST(HttpDoor, BodiesHaveTheirOwnLimits) {
  DoorConfig config;
  config.max_body_bytes = 10;
  config.max_batch_bytes = 100;
  HttpDoorFixture fixture(config);
  EXPECT_EQ(fixture.publish("", std::string(10, 'x')).status, 202);
  EXPECT_EQ(fixture.publish("", std::string(11, 'x')).status, 413);
  EXPECT_EQ(fixture.batch("{\"body\":\"0123456789\"}\n").status, 202);
  const RawResponse response = fixture.batch("{\"body\":\"1\"}\n{\"body\":\"01234567890\"}\n");
  EXPECT_EQ(response.status, 413);
  EXPECT_NE(response.body.find("line 2"), std::string::npos);
  EXPECT_EQ(fixture.batch(std::string(101, ' ')).status, 413);
}

}  // namespace
}  // namespace forebay::testing
