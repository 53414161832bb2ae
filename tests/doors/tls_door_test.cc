// A server with TLS on real sockets.
#include <gtest/gtest.h>
#include <malloc.h>

#include "doors/tls/tls_session.h"
#include "tests/doors/server_fixture.h"
#include "tests/support/process.h"
#include "tests/support/tls_socket.h"

namespace forebay::testing {
namespace {

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// An authority, a door's certificate of it in files, and what a client needs to know.
class Files {
 public:
  explicit Files(const std::string& name = "door") { issue(name); }

  void issue(const std::string& name) {
    const TestPair pair = authority.issue(name);
    config.cert = directory.write("cert.pem", pair.certificate);
    config.key = directory.write("key.pem", pair.key);
  }
  void ask_clients() { config.client_ca = directory.write("ca.pem", authority.pem()); }
  TlsClient::Settings client() const { return {.trusted = authority.pem()}; }
  ServerOptions options() const {
    ServerOptions options;
    options.header_timeout = options.body_timeout = options.idle_timeout = Duration::seconds(60);
    options.tls = config;
    return options;
  }
  TempDir directory;
  TestAuthority authority;
  TlsConfig config;
};

TlsFigures figures(ServerFixture& fixture) {
  TlsFigures figures;
  fixture.thread().run_on_loop([&] { figures = fixture.server().tls_figures(); });
  return figures;
}

TEST(TlsDoor, AnswersAndKeepsTheConnection) {
  const Files files;
  ServerFixture fixture(files.options());
  TlsSocket client(fixture.port(), files.client());
  ASSERT_TRUE(client.established()) << client.tls().why();
  const std::string body(200'000, 'b');
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + body + get);
    for (const std::string& expected : {"POST /a " + body, std::string("GET /a ")}) {
      const auto response = client.read_response();
      ASSERT_TRUE(response);
      EXPECT_EQ(response->body, expected);
    }
  }
  client.send_in_pieces(get, 1);
  EXPECT_EQ(client.read_response()->status, 200);
  EXPECT_EQ(figures(fixture).done, 1u);
  client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_response()->header("Connection"), "");
  EXPECT_TRUE(client.closed_cleanly());
}

TEST(TlsDoor, DropsAClientInCleartextAndCountsIt) {
  const Files files;
  ServerFixture fixture(files.options());
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get));
  EXPECT_EQ(client.read_all().find("HTTP/"), std::string::npos) << "an alert at most";
  EXPECT_FALSE(client.was_reset());
  EXPECT_EQ(figures(fixture).failed, 1u);
  EXPECT_TRUE(fixture.seen().empty());
}

TEST(TlsDoor, DropsASlowHandshakeAndCountsIt) {
  const Files files;
  ServerOptions options = files.options();
  options.header_timeout = Duration::milliseconds(60);
  ServerFixture fixture(options);
  RawClient silent = fixture.connect();
  RawClient halting = fixture.connect();
  TlsClient hello(files.client());
  ASSERT_TRUE(halting.send(hello.take_output().substr(0, 50)));
  EXPECT_TRUE(silent.closed_quietly());
  EXPECT_TRUE(halting.closed_quietly());
  EXPECT_EQ(figures(fixture).slow, 2u);
  EXPECT_EQ(figures(fixture).failed, 0u);
}

TEST(TlsDoor, AClientThatLeavesHalfwayIsCountedOneThatOnlyLooksIsNot) {
  const Files files;
  ServerFixture fixture(files.options());
  {
    RawClient looks = fixture.connect();
    RawClient leaves = fixture.connect();
    ASSERT_TRUE(leaves.send(TlsClient(files.client()).take_output().substr(0, 50)));
    leaves.shut_down_writing();
    EXPECT_TRUE(leaves.closed_quietly());
  }
  while (fixture.connections() > 0) {
  }
  EXPECT_EQ(figures(fixture).failed, 1u);
}

TEST(TlsDoor, RefusesAClientWithoutCertificateInTheHandshake) {
  Files files;
  files.ask_clients();
  ServerFixture fixture(files.options());
  TlsSocket stranger(fixture.port(), files.client());
  stranger.send(get);  // in TLS 1.3 the client is told only after it could
  EXPECT_FALSE(stranger.read_response());
  EXPECT_TRUE(stranger.tls().failed());
  EXPECT_NE(stranger.tls().why().find("certificate required"), std::string::npos) << stranger.tls().why();
  EXPECT_TRUE(fixture.seen().empty());
  const TestPair shop = files.authority.issue("shop");
  TlsClient::Settings settings = files.client();
  settings.own = &shop;
  TlsSocket known(fixture.port(), settings);
  known.send(get);
  EXPECT_EQ(known.read_response()->status, 200);
  EXPECT_EQ(figures(fixture).failed, 1u);
  EXPECT_EQ(figures(fixture).done, 1u);
}

TEST(TlsDoor, AnotherCertificateIsForNewHandshakesOnly) {
  Files files("old");
  ServerFixture fixture(files.options());
  TlsSocket before(fixture.port(), files.client());
  files.issue("new");
  std::string error;
  const auto context = TlsContext::make(files.config, &error);
  ASSERT_TRUE(context) << error;
  fixture.thread().run_on_loop([&] { fixture.server().renew_tls(context); });
  TlsSocket after(fixture.port(), files.client());
  for (TlsSocket* each : {&before, &after}) {
    each->send(get);
    EXPECT_EQ(each->read_response()->status, 200);
  }
  EXPECT_EQ(before.tls().server_name(), "old");
  EXPECT_EQ(after.tls().server_name(), "new");
}

TEST(TlsDoor, DoesNotListenWithoutItsFiles) {
  Files files;
  ServerOptions options = files.options();
  options.tls.key += ".missing";
  LoopThread thread;
  struct Nobody : RequestHandler {
    void on_request(const Request&, ExchangeId) override {}
  } nobody;
  const auto server = make_server(thread.loop(), options, nobody);
  thread.run_on_loop([&] { EXPECT_EQ(server->listen(), UV_EINVAL); });
}

TEST(TlsDoor, SaysGoodbyeToAnIdleConnection) {
  const Files files;
  ServerOptions options = files.options();
  options.idle_timeout = Duration::milliseconds(60);
  ServerFixture fixture(options);
  TlsSocket client(fixture.port(), files.client());
  client.send(get);
  EXPECT_EQ(client.read_response()->status, 200);
  EXPECT_TRUE(client.closed_cleanly());
}

// It says that nothing follows, waits for what it asked for, and reads no faster than it is let.
TEST(TlsDoor, AnswersAllOfAClientThatHasSaidGoodbye) {
  const Files files;
  ServerOptions options = files.options();
  options.max_pipelined = 4;
  ServerFixture fixture(options, true);
  TlsSocket client(fixture.port(), files.client());
  std::string many;
  for (int i = 0; i < 20; ++i) many += get;
  client.tls().send(many);
  client.tls().close();
  client.flush();
  for (size_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(fixture.wait_for_requests(i + 1));
    EXPECT_LE(fixture.seen().size(), i + 4);
    fixture.answer(fixture.seen()[i].exchange, std::to_string(i));
    const auto response = client.read_response();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, std::to_string(i));
  }
  EXPECT_TRUE(client.closed_cleanly());
}

TEST(TlsDoor, TellsThoseAboveMaxConnections) {
  const Files files;
  ServerOptions options = files.options();
  options.max_connections = 1;
  ServerFixture fixture(options);
  TlsSocket first(fixture.port(), files.client());
  ASSERT_TRUE(first.established());
  TlsSocket second(fixture.port(), files.client());
  EXPECT_EQ(second.read_response()->status, 503);
  EXPECT_TRUE(second.closed_cleanly());
}

TEST(TlsDoor, OneAboveMaxConnectionsDoesNotStayInTheHandshake) {
  const Files files;
  ServerOptions options = files.options();
  options.max_connections = 1;
  options.header_timeout = Duration::milliseconds(60);
  ServerFixture fixture(options);
  TlsSocket first(fixture.port(), files.client());
  RawClient silent = fixture.connect();
  EXPECT_TRUE(silent.closed_quietly());
}

// What is not taken is bounded sealed as it is in the clear: reading pauses, and in the end the client is dropped.
TEST(TlsDoor, PausesReadingFromAClientThatDoesNotRead) {
  const Files files;
  ServerOptions options = files.options();
  options.idle_timeout = Duration::milliseconds(200);
  options.max_unsent_bytes = 64 * 1024;
  ServerFixture fixture(options);
  fixture.thread().run_on_loop([&] {
    fixture.on_seen = [&](const Request&, ExchangeId exchange) {
      Response response;
      response.body.assign(200'000, 'x');
      fixture.server().respond(exchange, std::move(response));
    };
  });
  TlsSocket client(fixture.port(), files.client(), 4096);
  std::string many;
  for (int i = 0; i < 500; ++i) many += get;
  client.send(many);
  ASSERT_TRUE(fixture.wait_for_requests(1));
  while (fixture.connections() > 0) {
  }
  EXPECT_LT(fixture.seen().size(), 500u);
}

TEST(TlsDoor, DropsAClientThatAsksForNewKeysWithoutEnd) {
  const Files files;
  ServerOptions options = files.options();
  options.max_unsent_bytes = 16 * 1024;
  ServerFixture fixture(options);
  TlsSocket client(fixture.port(), files.client());
  for (int i = 0; i < 4000; ++i) client.tls().ask_for_new_keys();
  client.flush();
  while (fixture.connections() > 0) {
  }
  EXPECT_EQ(figures(fixture).done, 1u);
}

TEST(TlsDoor, DamagedRecordsEndTheConnectionAndNothingElse) {
  const Files files;
  ServerFixture fixture(files.options(), true);
  TlsSocket good(fixture.port(), files.client());
  TlsSocket bad(fixture.port(), files.client());
  bad.send(get);
  ASSERT_TRUE(fixture.wait_for_requests(1));
  bad.tls().send(get);
  std::string sealed = bad.tls().take_output();
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  bad.put(sealed);
  EXPECT_TRUE(bad.ended());
  fixture.answer(fixture.seen()[0].exchange, "too late");
  good.send(get);
  ASSERT_TRUE(fixture.wait_for_requests(2));
  fixture.answer(fixture.seen()[1].exchange, "fine");
  EXPECT_EQ(good.read_response()->body, "fine");
}

// What one costs that has been served and waits: OpenSSL's own state, no buffers. The clients are part of this process,
// so sessions are measured by themselves.
TEST(TlsDoor, AnIdleSessionIsSmall) {
  constexpr size_t sessions = 40;
  for (const bool asks_clients : {false, true}) {
    Files files;
    if (asks_clients) files.ask_clients();
    std::string error;
    const auto context = TlsContext::make(files.config, &error);
    ASSERT_TRUE(context) << error;
    const TestPair shop = files.authority.issue("shop");
    TlsClient::Settings settings = files.client();
    settings.own = &shop;
    std::vector<std::unique_ptr<TlsSession>> idle(sessions);
    std::string room(128 * 1024, '\0');
    size_t before = 0;
    for (size_t i = 0; i < sessions; ++i) {
      idle[i] = std::make_unique<TlsSession>(*context);
      TlsClient client(settings);
      for (int turn = 0; turn < 4; ++turn) {
        if (turn == 3) client.send(get);
        idle[i]->receive(client.take_output(), room.data(), room.size());
        client.receive(idle[i]->take_output());
      }
      ASSERT_EQ(idle[i]->state(), TlsSession::State::open) << idle[i]->failure();
      idle[i]->send("an answer");
      idle[i]->take_output();
      if (i == 0) before = mallinfo2().uordblks;
    }
    const size_t each = (mallinfo2().uordblks - before) / (sessions - 1);
    RecordProperty(asks_clients ? "bytes_a_session_with_client_certificate" : "bytes_a_session",
                   static_cast<int>(each));
    std::printf("%zu bytes a session%s\n", each, asks_clients ? " with a client's certificate" : "");
    EXPECT_LT(each, asks_clients ? 28u * 1024 : 18u * 1024);
  }
}

}  // namespace
}  // namespace forebay::testing
