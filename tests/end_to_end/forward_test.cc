// The forward door on a real process: what a client sends arrives as it was sent, over kill -9 too.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <sstream>
#include <thread>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

const std::string fast_retries = "retry: {min_backoff: 10ms, max_backoff: 50ms, max_attempts: 200}";

// A relay with a forward door to queue q, whose sink is that server below /base.
class ForwardRelay {
 public:
  explicit ForwardRelay(const EvilServer& sink, const std::string& door = "", const std::string& queue = "",
                        const std::string& sink_keys = "", const std::string& top = "")
      : relay("sinks: {s: {url: \"" + sink.url("/base") + "\", headers: {X-Sink: added}" + sink_keys +
                  "}}\nqueues: {q: {sink: s, " + fast_retries + queue + "}}\n",
              top, "  - {type: forward, listen: \"127.0.0.1:0\", queue: q" + door + "}\n") {}

  bool start() {
    if (!relay.start()) return false;
    port = relay.wait_for_door("forward");
    return port != 0;
  }
  // The bytes of one request on a connection of its own.
  std::optional<RawResponse> send(const std::string& bytes) const {
    RawClient client(port);
    client.send(bytes);
    return client.read_response(bytes.starts_with("HEAD"));
  }
  int status_of(const std::string& bytes) const {
    const auto response = send(bytes);
    return response ? response->status : 0;
  }

  RunningRelay relay;
  uint16_t port = 0;
};

std::string post(const std::string& path, const std::string& body, const std::string& headers = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: client.example\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// The header lines of a head in order, without the ones named.
std::vector<std::string> lines_but(const std::string& head, const std::set<std::string>& left_out) {
  std::vector<std::string> lines;
  std::istringstream in(head);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && !left_out.contains(line.substr(0, line.find(':')))) lines.push_back(line);
  }
  return lines;
}

std::string first_line(const std::string& head) {
  return head.substr(0, head.find("\r\n"));
}

const std::string odd_headers =
    "x-lower: kept as it is\r\nX-Dup: 1\r\nAuthorization: Basic dTpw\r\nX-Dup: 2\r\nX-Empty:\r\nX-Latin: caf\xe9\r\n"
    "Accept: a/b;q=0.1\r\nUser-Agent: own/1\r\nCookie: a=b; c=d\r\n";
const std::string here_only =
    "Connection: close, X-Hop\r\nX-Hop: gone\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: Basic "
    "eDp5\r\n"
    "Proxy-Connection: close\r\n";

struct Case {
  std::string line, bytes, body, length;  // length: the Content-Length that goes out; empty: none
};

std::vector<Case> cases() {
  const std::string host = "Host: client.example\r\n";
  const std::string binary("\0\r\n\x80 {\"a\":1}\xff", 14);
  std::vector<Case> all;
  const auto add = [&](const std::string& line, const std::string& framing, const std::string& sent,
                       const std::string& body, const std::string& length) {
    all.push_back(
        {line, line + " HTTP/1.1\r\n" + host + here_only + odd_headers + framing + "\r\n" + sent, body, length});
  };
  add("PUT /a%20b//c/../d/./?x=1&&y=%2F&z", "Content-Length: 14\r\nContent-Type: a/b\r\n", binary, binary, "14");
  add("GET /plain", "", "", "", "");
  add("GET /with?body", "Content-Length: 2\r\n", "hi", "hi", "2");
  add("DELETE /gone?", "", "", "", "");
  add("POST /nothing", "", "", "", "0");
  add("OPTIONS /o", "", "", "", "");
  add("HEAD /h?x", "", "", "", "");
  add("PROPFIND /dav", "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: t\r\n\r\n",
      "abcde", "5");
  return all;
}

std::string base_line(const std::string& line) {
  const size_t space = line.find(' ');
  return line.substr(0, space + 1) + "/base" + line.substr(space + 1) + " HTTP/1.1";
}

void expect_as_sent(const Case& sent, const EvilServer::Request& got, uint16_t port) {
  EXPECT_EQ(first_line(got.head), base_line(sent.line));
  EXPECT_EQ(got.body, sent.body) << sent.line;
  EXPECT_EQ(got.header("Content-Length"), sent.length) << sent.line;
  EXPECT_EQ(got.header("Host"), "127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(got.header("X-Sink"), "added");
  EXPECT_EQ(got.header("Forebay-Queue"), "q");
  EXPECT_EQ(got.id.size(), 26u);
  const std::set<std::string> own{"Host",          "Content-Length", "X-Sink", "Forebay-Message-Id", "Forebay-Attempt",
                                  "Forebay-Queue", "Idempotency-Key"};
  std::vector<std::string> wanted = lines_but("\r\n" + odd_headers, {});
  if (sent.line.starts_with("PUT")) wanted.push_back("Content-Type: a/b");
  EXPECT_EQ(lines_but(got.head, own), wanted) << got.head;
}

TEST(Forward, everything_arrives_byte_for_byte_over_kill_9) {
  EvilServer sink(
      [](const auto& request) { return EvilServer::answer(200, request.head.starts_with("HEAD") ? "" : "ok"); });
  ForwardRelay forward(sink, ", reply: {status: 299, content_type: text/x, body: stored}");
  sink.stop();
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  const std::vector<Case> all = cases();
  for (const Case& one : all) {
    const auto response = forward.send(one.bytes);
    ASSERT_TRUE(response) << one.line;
    EXPECT_EQ(response->status, 299) << one.line << response->body;
    EXPECT_EQ(response->header("Content-Type"), "text/x");
    EXPECT_EQ(response->header("Forebay-Message-Id").size(), 26u);
    if (!one.line.starts_with("HEAD")) {
      EXPECT_EQ(response->body, "stored");
    }
  }
  forward.relay.kill();
  sink.restart();
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals_by_id().size() == all.size(); }));
  for (const Case& one : all) {
    const auto requests = sink.requests();
    const auto found = std::find_if(requests.begin(), requests.end(), [&](const EvilServer::Request& request) {
      return first_line(request.head) == base_line(one.line);
    });
    ASSERT_NE(found, requests.end()) << one.line;
    expect_as_sent(one, *found, sink.port());
  }
  EXPECT_EQ(forward.relay.stop(), 0);
}

// What was answered is not lost, wherever the kill strikes; what was not answered may have come.
TEST(Forward, nothing_answered_is_lost_to_kill_9_under_traffic) {
  EvilServer sink([](const auto&) { return EvilServer::answer(200); });
  ForwardRelay forward(sink);
  std::set<std::string> answered;
  int sent = 0;
  for (const int kill_after : {1, 20, 60}) {
    ASSERT_TRUE(forward.start()) << forward.relay.output();
    std::atomic<int> done = 0;
    std::vector<std::string> mine[3];
    std::vector<std::thread> clients;
    for (auto& answers : mine) {
      const int first = sent += 10'000;
      clients.emplace_back([&forward, &done, &answers, first] {
        RawClient client(forward.port);
        for (int i = first; i < first + 10'000; ++i) {
          const std::string path = "/n/" + std::to_string(i);
          if (!client.send(post(path, "body of " + path))) return;
          const auto response = client.read_response();
          if (!response || response->status != 202) return;
          answers.push_back(path);
          ++done;
        }
      });
    }
    const bool enough = RunningRelay::eventually([&] { return done >= kill_after; });
    forward.relay.kill();
    for (std::thread& client : clients) client.join();
    EXPECT_TRUE(enough);
    for (const auto& answers : mine) answered.insert(answers.begin(), answers.end());
  }
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  std::set<std::string> missing;
  const auto look = [&] {
    missing = answered;
    for (const auto& request : sink.requests()) {
      std::string path = first_line(request.head).substr(std::string("POST /base").size());
      path.resize(path.find(' '));
      if (request.body == "body of " + path) missing.erase(path);
    }
    return missing.empty();
  };
  EXPECT_TRUE(RunningRelay::eventually(look)) << missing.size() << " of " << answered.size() << " did not arrive";
}

TEST(Forward, inline_the_sink_itself_answers) {
  EvilServer sink([](const EvilServer::Request& request) {
    const std::string line = first_line(request.head);
    if (line.find("/teapot") != line.npos) {
      return EvilServer::answer(
          418, "short and \x01 stout",
          "Content-Type: tea/pot\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: keep-alive, X-Hop\r\n"
          "X-Hop: gone\r\nKeep-Alive: 5\r\n");
    }
    if (line.find("/large") != line.npos) return EvilServer::answer(200, std::string(100'000, 'x'));
    if (line.find("/too-large") != line.npos) return EvilServer::answer(200, std::string(300'000, 'x'));
    if (line.find("/head") != line.npos)
      return EvilServer::Answer{"HTTP/1.1 200 OK\r\nContent-Length: 77\r\nETag: e\r\n\r\n"};
    if (line.find("/same") != line.npos) return EvilServer::Answer{"HTTP/1.1 304 Not Modified\r\nETag: e\r\n\r\n"};
    const bool again = request.header("Forebay-Attempt") != "1";
    return line.find("/later") != line.npos && !again ? EvilServer::answer(500, "no") : EvilServer::answer(201, "made");
  });
  ForwardRelay forward(sink, ", inline: true", "", ", pace: off");
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  const auto made = forward.send(post("/x", "1"));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status, 201);
  EXPECT_EQ(made->body, "made");
  const auto teapot = forward.send(post("/teapot", "1"));
  ASSERT_TRUE(teapot);
  EXPECT_EQ(teapot->status, 418);
  EXPECT_EQ(teapot->body, "short and \x01 stout");
  EXPECT_EQ(teapot->header("Content-Type"), "tea/pot");
  EXPECT_NE(teapot->head.find("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"), std::string::npos) << teapot->head;
  EXPECT_EQ(teapot->head.find("X-Hop"), std::string::npos) << teapot->head;
  EXPECT_EQ(teapot->head.find("Keep-Alive"), std::string::npos) << teapot->head;
  EXPECT_EQ(teapot->header("Forebay-Message-Id").size(), 26u);
  const Json dead = json_of(forward.relay.http("GET", "/v1/messages/" + teapot->header("Forebay-Message-Id")));
  EXPECT_EQ(dead["state"], "dead");
  EXPECT_EQ(forward.send(post("/large", "1"))->body.size(), 100'000u);
  EXPECT_EQ(forward.status_of(post("/too-large", "1")), 202);
  const auto head = forward.send("HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("Content-Length"), "77");
  RawClient client(forward.port);
  client.send("GET /same HTTP/1.1\r\nHost: h\r\n\r\n" + post("/x", "next on the same connection"));
  const auto same = client.read_response(true);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->header("Content-Length"), "");
  EXPECT_EQ(client.read_response()->body, "made");
  const auto later = forward.send(post("/later", "1"));
  ASSERT_TRUE(later);
  EXPECT_EQ(later->status, 202) << "what is tried again is answered with the configured reply";
  EXPECT_EQ(later->body, "");
  const std::string id = later->header("Forebay-Message-Id");
  EXPECT_TRUE(RunningRelay::eventually(
      [&] { return json_of(forward.relay.http("GET", "/v1/messages/" + id)).value("state", "") == "delivered"; }));
}

TEST(Forward, inline_gives_way_to_the_reply_when_there_is_no_permit) {
  std::atomic<bool> hang = true;
  EvilServer sink([&](const auto&) {
    return hang ? EvilServer::Answer{"", EvilServer::Answer::Then::hang} : EvilServer::answer(200, "sink");
  });
  ForwardRelay forward(sink, ", inline: true", "", ", concurrency: 1, timeout: 2s");
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  RawClient first(forward.port);
  first.send(post("/first", "1"));
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() == 1; }));
  EXPECT_EQ(forward.status_of(post("/second", "2")), 202) << "answered while the first is under way";
  EXPECT_EQ(sink.arrivals(), 1) << "before its own attempt";
  const auto late = first.read_response();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status, 202) << "a sink that does not answer within its timeout";
  hang = false;
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals_by_id().size() == 2; }));
  ASSERT_EQ(forward.relay.admin("POST", "/v1/queues/q:pause").status, 200);
  EXPECT_EQ(forward.status_of(post("/third", "3")), 202);
}

TEST(Forward, tokens_come_in_a_header_of_their_own_and_authorization_passes) {
  EvilServer sink([](const auto&) { return EvilServer::answer(200); });
  ForwardRelay forward(sink, "", "", "",
                       "auth:\n  tokens:\n    - {name: shop, token: shop-token, may: [publish:q]}\n"
                       "    - {name: eye, token: eye-token, may: [read:q]}\n");
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  const auto none = forward.send(post("/x", "1", "Authorization: Bearer shop-token\r\n"));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->status, 401);
  EXPECT_EQ(none->header("Content-Type"), "application/problem+json");
  EXPECT_EQ(none->header("WWW-Authenticate"), "Forebay-Token");
  EXPECT_EQ(forward.status_of(post("/x", "1", "Forebay-Token: wrong\r\n")), 401);
  EXPECT_EQ(forward.status_of(post("/x", "1", "Forebay-Token: shop-token\r\nForebay-Token: shop-token\r\n")), 401);
  EXPECT_EQ(forward.status_of(post("/x", "1", "Forebay-Token: eye-token\r\n")), 403);
  EXPECT_EQ(forward.status_of(post("/x", "1", "Forebay-Token: shop-token\r\nAuthorization: Bearer theirs\r\n")), 202);
  ASSERT_TRUE(RunningRelay::eventually([&] { return sink.arrivals() == 1; }));
  EXPECT_EQ(sink.requests()[0].header("Authorization"), "Bearer theirs");
  EXPECT_EQ(sink.requests()[0].head.find("oken"), std::string::npos) << sink.requests()[0].head;
}

TEST(Forward, a_message_may_tell_forebay_about_itself_and_refusals_are_problems) {
  EvilServer sink([](const auto&) { return EvilServer::answer(200); });
  ForwardRelay forward(sink, "", ", key: 'json:/phone', classes: {otp: {priority: 0}}, dedup: 1h, max_messages: 3");
  ASSERT_TRUE(forward.start()) << forward.relay.output();
  const auto unknown = forward.send(post("/x", "1", "Forebay-Class: nope\r\n"));
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->status, 422);
  EXPECT_EQ(unknown->header("Content-Type"), "application/problem+json");
  EXPECT_EQ(forward.status_of(post("/x", "1", "Forebay-Delay: soon\r\n")), 422);
  EXPECT_EQ(forward.status_of(post("/x", "1", "Forebay-Delay: 1s\r\nForebay-Delay: 1s\r\n")), 400);
  EXPECT_EQ(forward.status_of("HEAD /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"), 400);
  const std::string once = "Idempotency-Key: once\r\nForebay-Class: otp\r\nForebay-Other: passes\r\n";
  EXPECT_EQ(forward.status_of(post("/x", "{\"phone\": 1}", once)), 202);
  EXPECT_EQ(forward.status_of(post("/x", "{\"phone\": 1}", once)), 202);
  EXPECT_EQ(forward.status_of(post("/elsewhere", "{\"phone\": 1}", once)), 422) << "the same key, another request";
  const std::string delivered = "forebay_delivered_messages_total{class=\"otp\",queue=\"q\"}";
  ASSERT_TRUE(RunningRelay::eventually([&] { return forward.relay.metric(delivered).value_or(0) >= 1; }));
  ASSERT_EQ(forward.relay.admin("POST", "/v1/queues/q:pause").status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(forward.status_of(post("/y", "x", "Forebay-Class: otp\r\n")), 202);
  const auto full = forward.send(post("/y", "x"));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->status, 503);
  EXPECT_NE(full->header("Retry-After"), "");
  EXPECT_EQ(sink.arrivals(), 1);
  const EvilServer::Request got = sink.requests()[0];
  EXPECT_EQ(got.header("Idempotency-Key"), "once");
  EXPECT_EQ(got.header("Forebay-Other"), "passes");
  EXPECT_EQ(got.header("Forebay-Class"), "");
}

// Path and credentials are each client's own: what they bring about must not close the sink for the others.
TEST(Forward, one_clients_mistake_is_a_dead_letter_and_the_others_go_on) {
  EvilServer sink([](const EvilServer::Request& request) {
    const bool bad_path = request.head.find(" /base/bad ") != std::string::npos;
    const bool bad_token = request.header("Authorization") == "Bearer wrong";
    return EvilServer::answer(bad_path ? 404 : bad_token ? 401 : 200);
  });
  ForwardRelay door(sink);
  ASSERT_TRUE(door.start()) << door.relay.output();
  EXPECT_EQ(door.status_of(post("/bad", "x")), 202);
  EXPECT_EQ(door.status_of(post("/good", "x", "Authorization: Bearer wrong\r\n")), 202);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(door.status_of(post("/good", "x")), 202);
  EXPECT_TRUE(RunningRelay::eventually(
      [&] { return door.relay.metric("forebay_delivered_messages_total{class=\"default\",queue=\"q\"}") == 20; }));
  EXPECT_EQ(door.relay.metric("forebay_dead_letters_total{queue=\"q\",reason=\"refused\"}"), 2);
}

}  // namespace
}  // namespace forebay::testing
