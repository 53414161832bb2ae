// TLS as bytes in, bytes out: a client and a session with nothing but memory between them.
#include "doors/tls/tls_session.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <rapidcheck/gtest.h>

#include "tests/support/process.h"
#include "tests/support/tls_client.h"

namespace forebay::testing {
namespace {

// A door's files, and what it makes of them.
struct Door {
  explicit Door(bool asks_clients = false) {
    const TestPair pair = authority.issue("door");
    TlsConfig config{directory.write("cert", pair.certificate), directory.write("key", pair.key), ""};
    if (asks_clients) config.client_ca = directory.write("ca", authority.pem());
    std::string error;
    context = TlsContext::make(config, &error);
    EXPECT_TRUE(context) << error;
  }
  TlsClient::Settings client() const { return {.trusted = authority.pem()}; }

  TempDir directory;
  TestAuthority authority;
  std::shared_ptr<const TlsContext> context;
};

const Door& plain_door() {
  static const Door door;
  return door;
}

// The server's side; what it is given is cut into pieces of sizes that go round.
class Server {
 public:
  explicit Server(const Door& door, std::vector<size_t> pieces = {1 << 20})
      : session(*door.context), pieces_(std::move(pieces)) {}

  void receive(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, pieces_[next_++ % pieces_.size()]);
      std::string room(piece.size() + TlsSession::record_bytes_max, '\0');
      const size_t size = session.receive(piece, room.data(), room.size());
      plain.append(room, 0, size);
      bytes.remove_prefix(piece.size());
    }
  }
  // Until neither has anything to say.
  void talk(TlsClient& client) {
    for (int i = 0; i < 100; ++i) {
      const std::string to_server = client.take_output();
      receive(to_server);
      const std::string to_client = session.take_output();
      if (to_server.empty() && to_client.empty()) return;
      client.receive(to_client);
    }
    ADD_FAILURE() << "they talk for ever";
  }

  TlsSession session;
  std::string plain;

 private:
  std::vector<size_t> pieces_;
  size_t next_ = 0;
};

using State = TlsSession::State;

TEST(TlsSession, CarriesBytesBothWays) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient::Settings settings = plain_door().client();
    settings.version_max = version;
    TlsClient client(settings);
    Server server(plain_door());
    EXPECT_FALSE(server.session.has_begun());
    server.talk(client);
    ASSERT_TRUE(client.established()) << client.why();
    EXPECT_EQ(server.session.state(), State::open);
    EXPECT_EQ(client.protocol(), "http/1.1");
    client.send("a request");
    server.talk(client);
    server.session.send("its answer");
    server.talk(client);
    EXPECT_EQ(server.plain, "a request");
    EXPECT_EQ(client.plain(), "its answer");
    EXPECT_EQ(server.session.unsent(), 0u);
  }
}

RC_GTEST_PROP(TlsSessionProperty, bytes_cut_anywhere_come_out_whole_and_in_order, ()) {
  const auto pieces = *rc::gen::nonEmpty(rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(1, 5000)));
  const auto sizes = *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, 60'000));
  TlsClient client(plain_door().client());
  Server server(plain_door(), pieces);
  server.session.send("early ");  // waits for the handshake
  std::string sent, answered = "early ";
  server.talk(client);
  RC_ASSERT(client.established());
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string text(sizes[i], static_cast<char>('a' + i % 26));
    if (!text.empty()) client.send(text);
    sent += text;
    server.session.send(text);
    answered += text;
    if (i % 2 == 0) server.talk(client);
  }
  client.close();
  server.talk(client);
  server.session.close();
  server.talk(client);
  RC_ASSERT(server.plain == sent);
  RC_ASSERT(client.plain() == answered);
  RC_ASSERT(server.session.state() == State::ended);
  RC_ASSERT(client.closed());
}

RC_GTEST_PROP(TlsSessionProperty, one_byte_changed_fails_and_lets_nothing_wrong_through, ()) {
  TlsClient client(plain_door().client());
  Server server(plain_door());
  server.talk(client);
  const std::string text = "POST /v1/queues/q/messages HTTP/1.1\r\n";
  client.send(text);
  std::string sealed = client.take_output();
  const auto at = *rc::gen::inRange<size_t>(0, sealed.size());
  const auto bit = *rc::gen::inRange(0, 8);
  sealed[at] = static_cast<char>(sealed[at] ^ (1 << bit));
  server.receive(sealed);
  RC_ASSERT(server.plain.empty());
  // A length made larger waits for more; everything else is told at once.
  RC_ASSERT(server.session.state() == State::failed || at == 3 || at == 4);
  if (server.session.state() != State::failed) return;
  RC_ASSERT(server.session.has_output());  // the alert
  server.session.take_output();
  server.session.send("never said");
  server.session.close();
  RC_ASSERT(server.session.unsent() == 0u);
}

TEST(TlsSession, SaysGoodbyeOnceAndHearsIt) {
  TlsClient client(plain_door().client());
  Server server(plain_door());
  server.session.close();  // too early to mean anything
  server.talk(client);
  client.close();
  server.talk(client);
  EXPECT_EQ(server.session.state(), State::ended);
  server.session.send("still answered");
  server.session.close();
  server.session.close();
  const std::string last = server.session.take_output();
  client.receive(last);
  EXPECT_EQ(client.plain(), "still answered");
  EXPECT_TRUE(client.closed());
}

TEST(TlsSession, RefusesWhatIsNoTls) {
  for (const std::string text :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x01\x01 and then nonsense", "SSH-2.0-x\r\n"}) {
    Server server(plain_door());
    server.receive(text + std::string(400, 'x'));
    EXPECT_EQ(server.session.state(), State::failed) << text;
    EXPECT_NE(server.session.failure(), "") << text;
    EXPECT_EQ(server.plain, "");
  }
}

TEST(TlsSession, RefusesOldVersionsAndOtherProtocols) {
  TlsClient::Settings old = plain_door().client();
  old.version_max = TLS1_1_VERSION;
  TlsClient::Settings other = plain_door().client();
  other.protocols = {"h2"};
  TlsClient::Settings both = plain_door().client();
  both.protocols = {"h2", "http/1.1"};
  TlsClient::Settings none = plain_door().client();
  none.protocols = {};
  const std::pair<TlsClient::Settings, bool> cases[] = {{old, false}, {other, false}, {both, true}, {none, true}};
  for (size_t i = 0; i < std::size(cases); ++i) {
    TlsClient client(cases[i].first);
    Server server(plain_door());
    server.talk(client);
    EXPECT_EQ(server.session.state(), cases[i].second ? State::open : State::failed) << i;
    EXPECT_EQ(client.failed(), !cases[i].second) << i << " " << client.why();
  }
}

TEST(TlsSession, DoesNotRenegotiate) {
  TlsClient::Settings settings = plain_door().client();
  settings.version_max = TLS1_2_VERSION;
  TlsClient client(settings);
  Server server(plain_door());
  server.talk(client);
  ASSERT_TRUE(client.renegotiate());
  server.receive(client.take_output());
  const std::string alert = server.session.take_output();
  EXPECT_LT(alert.size(), 64u) << "an alert, not a handshake";
  client.receive(alert);
  EXPECT_TRUE(client.failed());
}

TEST(TlsSession, TakesNewKeys) {
  TlsClient client(plain_door().client());
  Server server(plain_door());
  server.talk(client);
  client.ask_for_new_keys();
  client.send("under new keys");
  server.talk(client);
  server.session.send("as well");
  server.talk(client);
  EXPECT_EQ(server.plain, "under new keys");
  EXPECT_EQ(client.plain(), "as well");
}

TEST(TlsSession, AsksForACertificateWhereOneIsWanted) {
  const Door door(true);
  const TestPair good = door.authority.issue("shop");
  const TestPair expired = door.authority.issue("late", -60);
  const TestAuthority stranger("stranger");
  const TestPair foreign = stranger.issue("shop");
  const std::pair<const TestPair*, bool> cases[] = {
      {&good, true}, {nullptr, false}, {&expired, false}, {&foreign, false}};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& [pair, taken] : cases) {
      TlsClient::Settings settings = door.client();
      settings.own = pair;
      settings.version_max = version;
      TlsClient client(settings);
      Server server(door);
      server.talk(client);
      EXPECT_EQ(server.session.state(), taken ? State::open : State::failed) << server.session.failure();
      EXPECT_EQ(client.failed(), !taken);
      const bool told = server.session.failure().find("certificate") != std::string::npos;
      EXPECT_EQ(told, !taken) << server.session.failure();
    }
  }
}

TEST(TlsContext, NamesTheFileThatIsWrong) {
  TempDir directory;
  const TestAuthority authority;
  const TestPair one = authority.issue("one"), two = authority.issue("two");
  std::string error;
  EXPECT_FALSE(TlsContext::make({directory.write("c", one.certificate), directory.write("k", two.key), ""}, &error));
  EXPECT_EQ(error, "tls.key does not belong to the certificate");
  EXPECT_FALSE(TlsContext::make({directory.path() + "/none", directory.path() + "/k", ""}, &error));
  EXPECT_EQ(error, "tls.cert cannot be read: No such file or directory");
}

}  // namespace
}  // namespace forebay::testing
