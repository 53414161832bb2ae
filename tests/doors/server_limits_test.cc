// Limits and times: what a client may make the server hold, and for how long.
#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/doors/server_fixture.h"

namespace forebay::testing {
namespace {

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

ServerOptions hurried() {
  ServerOptions options;
  options.header_timeout = options.body_timeout = options.idle_timeout = Duration::seconds(60);
  return options;
}

TEST(ServerLimits, SlowHeadersAre408) {
  ServerOptions options = hurried();
  options.header_timeout = Duration::milliseconds(60);
  ServerFixture fixture(options);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get + "GET /a HTTP/1.1\r\nHo"));
  EXPECT_EQ(client.read_response()->status, 200);
  EXPECT_EQ(client.read_response()->status, 408);
  EXPECT_TRUE(client.closed_quietly());
}

TEST(ServerLimits, SlowBodiesAre408) {
  ServerOptions options = hurried();
  options.body_timeout = Duration::milliseconds(60);
  ServerFixture fixture(options);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"));
  EXPECT_EQ(client.read_response()->status, 408);
  EXPECT_TRUE(client.closed_quietly());
}

// A byte now and then does not keep a request alive: the time runs from its first byte.
TEST(ServerLimits, TricklingDoesNotHelp) {
  ServerOptions options = hurried();
  options.header_timeout = Duration::milliseconds(80);
  ServerFixture fixture(options);
  RawClient client = fixture.connect();
  client.set_deadline(std::chrono::milliseconds(5));
  std::optional<RawResponse> response;
  for (int i = 0; i < 2000 && !response; ++i) {
    client.send("X");
    response = client.read_response();
  }
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
}

TEST(ServerLimits, IdleConnectionsAreClosedQuietly) {
  ServerOptions options = hurried();
  options.idle_timeout = Duration::milliseconds(60);
  ServerFixture fixture(options);
  RawClient fresh = fixture.connect();
  RawClient used = fixture.connect();
  ASSERT_TRUE(used.send(get));
  EXPECT_EQ(used.read_response()->status, 200);
  EXPECT_TRUE(fresh.closed_quietly());
  EXPECT_TRUE(used.closed_quietly());
}

// Waiting for an answer is not idling.
TEST(ServerLimits, AWaitingConnectionIsNotIdle) {
  ServerOptions options = hurried();
  options.idle_timeout = Duration::milliseconds(40);
  ServerFixture fixture(options, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get));
  ASSERT_TRUE(fixture.wait_for_requests(1));
  EXPECT_TRUE(fixture.connect().closed_quietly());  // opened later, closed for idling
  fixture.answer(fixture.seen()[0].exchange, "late");
  EXPECT_EQ(client.read_response()->body, "late");
}

TEST(ServerLimits, AClientThatReadsNothingIsDropped) {
  ServerOptions options = hurried();
  options.idle_timeout = Duration::milliseconds(100);
  options.max_unsent_bytes = 64 * 1024;
  ServerFixture fixture(options);
  fixture.thread().run_on_loop([&] {
    fixture.on_seen = [&](const Request&, ExchangeId exchange) {
      Response response;
      response.body.assign(200'000, 'x');
      fixture.server().respond(exchange, std::move(response));
    };
  });
  RawClient client(fixture.port(), 4096);
  std::string many;
  for (int i = 0; i < 500; ++i) many += get;
  ASSERT_TRUE(client.send(many));
  ASSERT_TRUE(fixture.wait_for_requests(1));
  while (fixture.connections() > 0) {
  }
  EXPECT_LT(fixture.seen().size(), 500u);  // reading had paused
}

TEST(ServerLimits, ReadingPausesAtMaxPipelined) {
  ServerOptions options = hurried();
  options.max_pipelined = 4;
  ServerFixture fixture(options, true);
  RawClient client = fixture.connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += get;
  ASSERT_TRUE(client.send(requests));
  ASSERT_TRUE(fixture.wait_for_requests(4));
  RawClient other = fixture.connect();  // its request comes after everything read from the first
  ASSERT_TRUE(other.send(get));
  ASSERT_TRUE(fixture.wait_for_requests(5));
  EXPECT_EQ(fixture.seen().size(), 5u);
  for (size_t i = 0; i < 21; ++i) {
    ASSERT_TRUE(fixture.wait_for_requests(i + 1)) << i;
    fixture.answer(fixture.seen()[i].exchange, std::to_string(i));
  }
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.read_response());
}

TEST(ServerLimits, BodyLimitsMayGoByPath) {
  ServerFixture fixture;
  fixture.thread().run_on_loop([&] {
    fixture.limit_of = [](std::string_view, std::string_view path) -> std::optional<uint64_t> {
      if (path == "/small") return 3;
      return std::nullopt;
    };
  });
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"));
  EXPECT_EQ(client.read_response()->status, 200);
  ASSERT_TRUE(client.send("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd"));
  EXPECT_EQ(client.read_response()->status, 200);
  ASSERT_TRUE(client.send("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\n"));
  EXPECT_EQ(client.read_response()->status, 413);
  EXPECT_TRUE(client.closed_quietly());
}

TEST(ServerLimits, TooManyConnectionsAreToldSo) {
  ServerOptions options = hurried();
  options.max_connections = 2;
  ServerFixture fixture(options);
  RawClient first = fixture.connect();
  RawClient second = fixture.connect();
  while (fixture.connections() < 2) {
  }
  RawClient third = fixture.connect();
  const auto response = third.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->header("Connection"), "close");
  EXPECT_EQ(response->header("Retry-After"), "1");
  EXPECT_TRUE(third.closed_quietly());
  ASSERT_TRUE(first.send(get));
  EXPECT_EQ(first.read_response()->status, 200);
}

// Far above the limit, connections wait in the kernel and are served when there is room again.
TEST(ServerLimits, AFloodOfConnectionsWaitsAndIsServed) {
  ServerOptions options = hurried();
  options.max_connections = 1;
  ServerFixture fixture(options);
  std::vector<RawClient> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(fixture.connect());
  EXPECT_LE(fixture.connections(), 65u);
  for (RawClient& client : clients) client.reset();
  clients.clear();
  while (true) {
    RawClient client = fixture.connect();
    ASSERT_TRUE(client.send(get));
    const auto response = client.read_response();
    if (response && response->status == 200) break;
  }
}

// Answers everything with nothing, and keeps nothing.
class Forgetful : public RequestHandler {
 public:
  Server* server = nullptr;

 private:
  void on_request(const Request&, ExchangeId exchange) override { server->respond(exchange, Response{}); }
};

// At most 10 KiB for a connection that has been served a large request and idles, by the allocator's own
// count.
TEST(ServerLimits, IdleConnectionsAreSmall) {
  constexpr size_t connections = 300;
  LoopThread thread;
  Forgetful handler;
  auto server = make_server(thread.loop(), hurried(), handler);
  handler.server = server.get();
  thread.run_on_loop([&] { ASSERT_EQ(server->listen(), 0); });
  const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n";
  const std::string request = head + std::string(200'000, 'x');
  std::vector<RawClient> clients;
  size_t before = 0;
  for (size_t i = 0; i <= connections; ++i) {
    clients.emplace_back(server->port());
    ASSERT_TRUE(clients.back().send(request));
    ASSERT_TRUE(clients.back().read_response());
    if (i == 0) thread.run_on_loop([&] { before = mallinfo2().uordblks; });
  }
  size_t after = 0;
  thread.run_on_loop([&] { after = mallinfo2().uordblks; });
  RecordProperty("bytes_a_connection", static_cast<int>((after - before) / connections));
  EXPECT_LT((after - before) / connections, 10'240u);
  thread.run_on_loop([&] { server->close(); });
  thread.run_on_loop([] {});
  thread.run_on_loop([&] { server.reset(); });
}

TEST(ServerLimits, UnfinishedRequestsAreBoundedAltogether) {
  ServerOptions options = hurried();
  options.max_held_bytes = 100'000;
  ServerFixture fixture(options);
  std::vector<RawClient> clients;
  bool refused = false;
  for (int i = 0; i < 10 && !refused; ++i) {
    clients.push_back(fixture.connect());
    ASSERT_TRUE(
        clients.back().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + std::string(30'000, 'x')));
    clients.back().set_deadline(std::chrono::milliseconds(100));
    const auto response = clients.back().read_response();
    refused = response && response->status == 503;
  }
  EXPECT_TRUE(refused);
  // The first, which held its share, is still served.
  clients[0].set_deadline(std::chrono::seconds(10));
  ASSERT_TRUE(clients[0].send(std::string(10'000, 'x')));
  EXPECT_EQ(clients[0].read_response()->status, 200);
}

}  // namespace
}  // namespace forebay::testing
