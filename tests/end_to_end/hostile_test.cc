// A hostile client before a real process: whatever it sends is refused or the connection is closed, nothing of it
// reaches a sink, and the relay delivers the next good message as ever. The requests of tests/hostile are each sent as
// they are (most hide a second request that one of two readers would see); the rest is made here.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

using std::string_literals::operator""s;  // text with NULs in it

const std::string ndjson = "Content-Type: application/x-ndjson\r\n";

std::string repeated(std::string_view piece, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string publish_request(const std::string& headers, const std::string& body = "x") {
  return "POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

std::string batch_request(const std::string& body) {
  return "POST /v1/queues/q/messages:batch HTTP/1.1\r\nHost: x\r\n" + ndjson +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Of every answer, in order; the bytes are all that the connection brought.
std::vector<int> statuses_in(const std::string& answers) {
  std::vector<int> statuses;
  for (size_t at = 0; (at = answers.find("HTTP/1.1 ", at)) != std::string::npos; at += 9) {
    const int status = std::atoi(answers.c_str() + at + 9);
    if (status > 0) statuses.push_back(status);  // else a sentence that speaks of HTTP/1.1
  }
  return statuses;
}

bool is_refusal(int status) {
  return (status >= 400 && status < 500) || status == 501 || status == 505;
}

class Hostile : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(relay_.start()) << relay_.output(); }

  // Sends it, says that nothing follows, and looks at all that comes back.
  void expect_refused(uint16_t port, const std::string& what, const std::string& bytes) {
    RawClient client(port);
    ASSERT_TRUE(client.connected()) << what;
    client.send(bytes);
    client.shut_down_writing();
    const std::string answers = client.read_all();
    for (const int status : statuses_in(answers)) EXPECT_TRUE(is_refusal(status)) << what << ": " << answers;
  }
  void expect_refused(const std::string& what, const std::string& bytes) {
    expect_refused(relay_.http_port(), what, bytes);
  }
  // The connection was not merely closed.
  void expect_told(int status, const std::string& what, const std::string& bytes) {
    RawClient client(relay_.http_port());
    client.send(bytes);
    const auto response = client.read_response();
    ASSERT_TRUE(response) << what;
    EXPECT_EQ(response->status, status) << what << ": " << response->body;
  }

  // Nothing came through, nothing was even kept, and everything still works.
  void TearDown() override {
    EXPECT_EQ(sink_.arrivals(), 0);
    EXPECT_EQ(relay_.metric("forebay_accepted_messages_total{class=\"default\",queue=\"q\"}").value_or(0), 0);
    EXPECT_EQ(relay_.admin("GET", "/readyz").status, 200);
    EXPECT_NE(relay_.publish("q", "good"), "");
    EXPECT_TRUE(RunningRelay::eventually([&] { return sink_.arrivals() == 1; }));
    EXPECT_EQ(sink_.requests().at(0).body, "good");
    EXPECT_EQ(relay_.stop(), 0) << relay_.output();
  }

  EvilServer sink_{[](const EvilServer::Request&) { return EvilServer::answer(200); }};
  RunningRelay relay_{
      "sinks:\n  s: {type: http, url: \"" + sink_.url("/") +
          "\"}\nqueues:\n  q: {sink: s}\n  keyed: {sink: s, key: \"json:/phone\"}\n  pulled: {pull: true}\n",
      "", "  - {type: http, listen: \"127.0.0.1:0\", header_timeout: 300ms, body_timeout: 300ms}\n"};
};

TEST_F(Hostile, requests_of_the_corpus_are_refused_and_reach_no_sink) {
  size_t sent = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FOREBAY_HOSTILE_REQUESTS)) {
    if (entry.path().extension() != ".raw") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const std::string name = entry.path().filename().string();
    expect_refused(relay_.http_port(), name + " at the http door", bytes);
    expect_refused(relay_.admin_port(), name + " at the admin door", bytes);
    ++sent;
  }
  EXPECT_GE(sent, 50u);
}

// Every header that goes on to a sink, and those that stand beside them, with every octet that ends a line or a text
// somewhere, at its beginning, inside and at its end.
TEST_F(Hostile, line_ends_in_headers_are_refused) {
  for (const std::string name : {"Forebay-Forward-X", "Content-Type", "Idempotency-Key", "Forebay-Key", "Forebay-Class",
                                 "ce-id", "ce-source", "Forebay-Forward-Authorization"}) {
    for (const std::string& end : {"\r"s, "\n"s, "\0"s, "\r\r\n"s, "\n\r\n"s, "\x0b"s, "\x7f"s}) {
      for (const std::string& value : {end + "X-Evil: 1", "a" + end + "X-Evil: 1", "a" + end}) {
        expect_refused(name + ": " + value, publish_request(name + ": " + value + "\r\n"));
      }
    }
    expect_refused(name + " in its name", publish_request(name + "\r: a\r\n"));
    expect_refused(name + " in its name", publish_request(name + "\0: a\r\n"s));
  }
}

TEST_F(Hostile, line_ends_in_envelopes_are_refused) {
  for (const std::string end :
       {"\\r", "\\n", "\\u000d", "\\u000a", "\\u0000", "\\r\\nX-Evil: 1", "\\u000b", "\\u007f"}) {
    const std::string value = "\"a" + end + "\"";
    for (const std::string name : {"key", "class", "idempotency_key", "delay", "not_before", "ttl", "hold"}) {
      const std::string line = "{\"body\":1,\"" + name + "\":" + value + "}\n";
      expect_told(422, line, batch_request(line));
    }
    for (const std::string& headers : {"\"X-A\":" + value, "\"Content-Type\":" + value, value + ":\"v\""}) {
      const std::string line = "{\"body\":1,\"headers\":{" + headers + "}}\n";
      expect_told(422, line, batch_request(line));
    }
  }
}

TEST_F(Hostile, giants_are_told_how_much_is_allowed) {
  const std::string start = "POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\n";
  expect_told(431, "a header of 1 MiB", start + "A: " + std::string(1 << 20, 'a') + "\r\n\r\n");
  expect_told(431, "10,000 headers", start + repeated("A: b\r\n", 10'000) + "\r\n");
  expect_told(431, "a request line of 1 MiB", "GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  expect_told(413, "a body told to be 1 TiB", start + "Content-Length: 1099511627776\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  expect_told(413, "a body of chunks without end", start + "Transfer-Encoding: chunked\r\n\r\n" + repeated(chunk, 16));
  expect_told(431, "64 headers to pass on, and one", publish_request([] {
                std::string headers;
                for (int i = 0; i < 99; ++i) headers += "Forebay-Forward-X" + std::to_string(i) + ": v\r\n";
                return headers;
              }()));
  const std::string queue = std::string(10'000, 'q');
  expect_told(404, "a queue of 10,000 letters", "GET /v1/queues/" + queue + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

TEST_F(Hostile, json_of_100000_levels_is_refused) {
  for (const std::string& deep :
       {repeated("[", 100'000) + repeated("]", 100'000), repeated("[", 100'000),
        repeated("{\"a\":", 30'000) + "1" + repeated("}", 30'000), repeated("[{\"a\":", 30'000)}) {
    expect_told(422, "an envelope", batch_request(deep + "\n"));
    expect_told(422, "a body in an envelope", batch_request("{\"body\":" + deep + "}\n"));
    expect_told(422, "headers in an envelope", batch_request("{\"body\":1,\"headers\":{\"A\":" + deep + "}}\n"));
    expect_told(422, "an unknown member", batch_request("{\"body\":1,\"deep\":" + deep + "}\n"));
    for (const char* verb : {"lease", "ack", "nack", "extend"}) {
      EXPECT_EQ(relay_.http("POST", "/v1/queues/pulled/messages:"s + verb, deep).status, 422) << verb;
      EXPECT_EQ(relay_.http("POST", "/v1/queues/pulled/messages:"s + verb, "{\"lease_ids\":" + deep + "}").status, 422);
    }
    EXPECT_LT(relay_.admin("PUT", "/v1/sinks/s/limits", "{\"limits\":" + deep + "}").status, 500);
    EXPECT_GE(relay_.admin("POST", "/v1/queues/q/dead:replay", deep).status, 400);
  }
}

TEST_F(Hostile, what_is_given_twice_or_not_utf8_is_refused) {
  for (const std::string& body : {"{\"max\":1,\"max\":2}"s, "{\"lease_ids\":[\"a\"],\"lease_ids\":[\"b\"]}"s,
                                  "{\"lease_ids\":[\"\xff\"]}"s, "{\"\xc3\x28\":1}"s, "{\"max\":1}\0"s}) {
    for (const char* verb : {"lease", "ack", "nack", "extend"}) {
      EXPECT_EQ(relay_.http("POST", "/v1/queues/pulled/messages:"s + verb, body).status, 422) << verb << body;
    }
  }
}

// A drip keeps neither a header nor a body open: the clock runs from the first byte.
TEST_F(Hostile, drips_end_with_408) {
  const uint16_t port = relay_.wait_for_door("http");
  ASSERT_NE(port, 0);
  for (const std::string& begun :
       {"POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nX-Drip: "s,
        "POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n"s}) {
    RawClient client(port);
    ASSERT_TRUE(client.send(begun));
    client.set_deadline(std::chrono::milliseconds(20));  // between one drop and the next
    std::optional<RawResponse> response;
    int drops = 0;
    for (; !response && drops < 500 && client.send("a"); ++drops) response = client.read_response();
    ASSERT_TRUE(response) << begun;
    EXPECT_EQ(response->status, 408) << response->body;
    EXPECT_GT(drops, 2);
  }
}

// A client that has said all it had to say may still read; one that stopped in the middle has said nothing.
TEST_F(Hostile, half_closed_connections_are_answered_or_forgotten) {
  RawClient whole(relay_.http_port());
  ASSERT_TRUE(whole.send(repeated("GET /v1/messages/00000000000000000000000000 HTTP/1.1\r\nHost: x\r\n\r\n", 3)));
  whole.shut_down_writing();
  for (int i = 0; i < 3; ++i) {
    const auto response = whole.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 404);
  }
  EXPECT_TRUE(whole.closed_quietly());
  const std::string request = publish_request("Forebay-Forward-X: a\r\n", "a body");
  for (size_t cut = 0; cut < request.size(); ++cut) {
    expect_refused("cut at " + std::to_string(cut), request.substr(0, cut));
    RawClient client(relay_.http_port());
    client.send(request.substr(0, cut));
    client.reset();
  }
}

}  // namespace

// What is no line end, only looks like one once somebody decodes it, goes through as it is.
TEST(HostilePassedOn, escaped_line_ends_stay_escaped) {
  EvilServer sink([](const EvilServer::Request&) { return EvilServer::answer(200); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + sink.url("/") + "\"}\nqueues:\n  q: {sink: s}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string value = "a%0d%0aX-Evil:%201\\r\\nX-Evil: 2";
  ASSERT_NE(relay.publish("q", "x",
                          "Forebay-Forward-X: " + value + "\r\nContent-Type: text/" + value +
                              "\r\nIdempotency-Key: " + value + "\r\nForebay-Key: " + value + "\r\n"),
            "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() == 1; }));
  const EvilServer::Request arrived = sink.requests().at(0);
  EXPECT_EQ(arrived.header("X"), value);
  EXPECT_EQ(arrived.header("Content-Type"), "text/" + value);
  EXPECT_EQ(arrived.header("X-Evil"), "");
  EXPECT_EQ(relay.stop(), 0);
}

// A body alone is opaque: whatever it holds goes out as it came, also past a key that is looked for in it.
TEST(HostilePassedOn, a_deep_body_goes_out_as_it_came) {
  EvilServer sink([](const EvilServer::Request&) { return EvilServer::answer(200); });
  RunningRelay relay("sinks:\n  s: {type: http, url: \"" + sink.url("/") +
                     "\"}\nqueues:\n  q: {sink: s, key: \"json:/phone\"}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string deep = "{\"a\":" + repeated("[", 100'000) + repeated("]", 100'000) + ",\"phone\":1}";
  for (const std::string& body :
       {deep, deep.substr(0, 90'000), "{\"phone\":\"\xff\r\n\"}"s, "{\"phone\":1,\"phone\":2}"s}) {
    const int before = sink.arrivals();
    ASSERT_NE(relay.publish("q", body, "Content-Type: application/json\r\n"), "");
    ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() == before + 1; }));
    EXPECT_EQ(sink.requests().back().body, body);
  }
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace forebay::testing
