// What the HTTP sink puts on the wire, and how it uses its connections.
#include "sinks/http/http_sink.h"

#include <gtest/gtest.h>

#include "tests/sinks/sink_rig.h"
#include "tests/support/evil_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Answer = EvilServer::Answer;

EvilServer::Script always(int status, std::string body = "") {
  return [=](const EvilServer::Request&) { return EvilServer::answer(status, body); };
}

TEST(HttpSink, DeliversAMessageAsItIs) {
  EvilServer server(always(200, "thanks"));
  SinkConfig config = sink_to(server.url("/send?x=1"));
  config.headers = {{"Authorization", "Bearer abc"}};
  SinkRig rig(config);
  std::string body("a\0b\r\n\xff", 6);
  Delivery delivery = SinkRig::delivery(7, body);
  delivery.attempt = 3;
  delivery.idempotency_key = "order-1";
  delivery.headers = {{"X-Tenant", "acme"}, {"X-Empty", ""}};
  Outcome outcome = rig.send_and_wait(delivery);
  EXPECT_EQ(outcome.kind, Kind::delivered);
  EXPECT_TRUE(outcome.sent);
  EXPECT_TRUE(outcome.answered);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.reason, "http 200");
  EXPECT_EQ(outcome.excerpt, "thanks");
  EXPECT_EQ(outcome.peer, "127.0.0.1");

  ASSERT_EQ(server.arrivals(), 1);
  EvilServer::Request seen = server.requests()[0];
  EXPECT_TRUE(seen.head.starts_with("POST /send?x=1 HTTP/1.1\r\n")) << seen.head;
  EXPECT_EQ(seen.body, body);
  EXPECT_EQ(seen.header("Content-Type"), "text/plain");
  EXPECT_EQ(seen.header("Forebay-Message-Id"), "M7");
  EXPECT_EQ(seen.header("Forebay-Attempt"), "3");
  EXPECT_EQ(seen.header("Forebay-Queue"), "sms");
  EXPECT_EQ(seen.header("Idempotency-Key"), "order-1");
  EXPECT_EQ(seen.header("Authorization"), "Bearer abc");
  EXPECT_EQ(seen.header("X-Tenant"), "acme");
  EXPECT_NE(seen.head.find("\r\nX-Empty:"), std::string::npos) << seen.head;
  EXPECT_EQ(seen.head.find("Upgrade"), std::string::npos) << "h2c offered";
}

TEST(HttpSink, NamesNoContentTypeWhereNoneWasGiven) {
  EvilServer server(always(200));
  SinkRig rig(sink_to(server.url()));
  Delivery delivery = SinkRig::delivery(1);
  delivery.content_type = {};
  EXPECT_EQ(rig.send_and_wait(delivery).kind, Kind::delivered);
  EXPECT_EQ(server.requests()[0].head.find("Content-Type"), std::string::npos) << server.requests()[0].head;
}

TEST(HttpSink, SendsEmptyAndLargeBodiesWithoutAskingFirst) {
  EvilServer server(always(204));
  SinkConfig config = sink_to(server.url());
  config.method = "PUT";
  SinkRig rig(config);
  std::string large(3 << 20, 'x');
  EXPECT_EQ(rig.send_and_wait(SinkRig::delivery(1, "")).kind, Kind::delivered);
  EXPECT_EQ(rig.send_and_wait(SinkRig::delivery(2, large)).kind, Kind::delivered);
  auto seen = server.requests();
  EXPECT_TRUE(seen[0].head.starts_with("PUT / HTTP/1.1\r\n"));
  EXPECT_EQ(seen[0].header("Content-Length"), "0");
  EXPECT_EQ(seen[1].body, large);
  EXPECT_EQ(seen[1].header("Expect"), "");
}

TEST(HttpSink, HeadersOfTheSinkWinOverForwardedOnesAndOwnOverAll) {
  EvilServer server(always(200));
  SinkConfig config = sink_to(server.url());
  config.headers = {
      {"X-From", "sink"}, {"Idempotency-Key", "sink"}, {"Host", "sms.example"}, {"Authorization", "Bearer sink"}};
  SinkRig rig(config);
  Delivery delivery = SinkRig::delivery(1);
  delivery.headers = {{"authorization", "Bearer producer"},
                      {"x-from", "producer"},
                      {"forebay-attempt", "99"},
                      {"content-type", "text/x"},
                      {"User-Agent", "shop"},
                      {"X-Twice", "1"},
                      {"X-Twice", "2"},
                      {"Forebay-Message-ID", "other"}};
  EXPECT_EQ(rig.send_and_wait(delivery).kind, Kind::delivered);
  std::string head = server.requests()[0].head;
  for (const char* line :
       {"\r\nX-From: sink\r\n", "\r\nAuthorization: Bearer sink\r\n", "\r\nForebay-Attempt: 1\r\n",
        "\r\ncontent-type: text/x\r\n", "\r\nUser-Agent: shop\r\n", "\r\nX-Twice: 1\r\n", "\r\nX-Twice: 2\r\n",
        "\r\nForebay-Message-Id: M1\r\n", "\r\nIdempotency-Key: M1\r\n", "\r\nHost: sms.example\r\n"})
    EXPECT_NE(head.find(line), std::string::npos) << line << " in\n" << head;
  for (const char* text : {"producer", "99", "other", "text/plain", "User-Agent: forebay", "Idempotency-Key: sink"})
    EXPECT_EQ(head.find(text), std::string::npos) << text << " in\n" << head;
}

TEST(HttpSink, NothingThatBreaksTheFramingIsSent) {
  EvilServer server(always(200));
  SinkRig rig(sink_to(server.url()));
  const std::vector<std::pair<std::string_view, std::string_view>> kHostile = {{"X-A", "1\r\nX-B: 2"},
                                                                               {"X-A", "1\nX-B: 2"},
                                                                               {"X-A", "1\r"},
                                                                               {"X-A", std::string_view("a\0b", 3)},
                                                                               {"X A", "1"},
                                                                               {"X-A:", "1"},
                                                                               {"", "1"},
                                                                               {"X\r\nY", "1"},
                                                                               {"Host", "evil"},
                                                                               {"host", "evil"},
                                                                               {"Content-Length", "0"},
                                                                               {"Transfer-Encoding", "chunked"},
                                                                               {"Connection", "close"},
                                                                               {"TE", "trailers"},
                                                                               {"Upgrade", "h2c"},
                                                                               {"Expect", "100-continue"}};
  Ticket ticket = 0;
  for (const auto& header : kHostile) {
    Delivery delivery = SinkRig::delivery(++ticket);
    delivery.headers = {{"X-Fine", "1"}, header};
    Outcome outcome = rig.send_and_wait(delivery);
    EXPECT_EQ(outcome.kind, Kind::dead) << header.first;
    EXPECT_FALSE(outcome.sent);
    EXPECT_TRUE(outcome.reason.starts_with("header not allowed")) << outcome.reason;
    EXPECT_EQ(outcome.reason.find_first_of("\r\n"), std::string::npos);
  }
  Delivery delivery = SinkRig::delivery(++ticket);
  delivery.idempotency_key = "k\r\nX-B: 2";
  EXPECT_EQ(rig.send_and_wait(delivery).reason, "header not allowed: Idempotency-Key");
  delivery = SinkRig::delivery(++ticket);
  delivery.content_type = "text/plain\nX-B: 2";
  EXPECT_EQ(rig.send_and_wait(delivery).reason, "header not allowed: Content-Type");
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpSink, AConfigThatCannotBeSentByIsTheSinksFault) {
  EvilServer server(always(200));
  SinkConfig framing = sink_to(server.url());
  framing.headers = {{"Content-Length", "5"}};
  for (const SinkConfig& config : {framing, sink_to("http://"), sink_to("")}) {
    SinkRig rig(config);
    Outcome outcome = rig.send_and_wait(1);
    EXPECT_EQ(outcome.kind, Kind::sink_fault) << outcome.reason;
    EXPECT_FALSE(outcome.sent);
  }
  SinkRig rig(sink_to("ftp://127.0.0.1/"));  // libcurl is held to http and https
  EXPECT_FALSE(rig.send_and_wait(1).sent);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpSink, KeepsOneConnectionPerConcurrentRequest) {
  EvilServer server(always(200));
  SinkConfig config = sink_to(server.url());
  config.concurrency = 4;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 200; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(200);
  EXPECT_EQ(server.arrivals(), 200);
  EXPECT_LE(server.connections(), 4);
  for (Ticket ticket = 201; ticket <= 210; ticket++) rig.send_and_wait(ticket);
  EXPECT_LE(server.connections(), 4) << "connections at rest are used again";
}

TEST(HttpSink, NeverMoreThanItsConcurrencyUnderWay) {
  std::atomic<int> now = 0, most = 0;
  EvilServer server([&](const EvilServer::Request&) {
    int mine = ++now;
    int seen = most;
    while (mine > seen && !most.compare_exchange_weak(seen, mine)) continue;
    for (int i = 0; i < 100; i++) std::this_thread::yield();
    now--;
    return EvilServer::answer(200);
  });
  SinkConfig config = sink_to(server.url());
  config.concurrency = 3;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 100; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(100);
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
}

TEST(HttpSink, DeliversMoreFromInsideAnOutcome) {
  EvilServer server(always(200));
  SinkConfig config = sink_to(server.url());
  config.concurrency = 2;
  SinkRig rig(config);
  Ticket last = 1;
  rig.then([&](Ticket) {
    if (last < 50) rig.sink().deliver(SinkRig::delivery(++last));
  });
  rig.send(SinkRig::delivery(1));
  rig.wait_for(50);
  EXPECT_EQ(server.arrivals(), 50);
  EXPECT_LE(server.connections(), 2);
}

TEST(HttpSink, UsesNoProxyOfTheEnvironment) {
  EvilServer proxy(always(200));
  EvilServer server(always(204));
  const char* names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  for (const char* name : names) setenv(name, proxy.url().c_str(), 1);
  {
    SinkRig rig(sink_to(server.url()));
    EXPECT_EQ(rig.send_and_wait(1).status, 204);
  }
  for (const char* name : names) unsetenv(name);
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(HttpSink, AReconfiguredSinkSendsByTheNewConfig) {
  EvilServer old_server(always(200)), new_server(always(200));
  SinkRig rig(sink_to(old_server.url()));
  rig.send_and_wait(1);
  SinkConfig config = sink_to(new_server.url("/v2"));
  config.headers = {{"X-New", "1"}};
  config.concurrency = 1;
  rig.sink().reconfigure(config);
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::delivered);
  EXPECT_EQ(old_server.arrivals(), 1);
  ASSERT_EQ(new_server.arrivals(), 1);
  EXPECT_EQ(new_server.requests()[0].header("X-New"), "1");
}

TEST(HttpSink, ShutDownEndsEveryAttemptAsUnanswered) {
  EvilServer server([](const EvilServer::Request&) { return Answer{.bytes = "", .then = Answer::Then::hang}; });
  SinkConfig config = sink_to(server.url());
  config.concurrency = 3;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 5; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.run_until([&] { return server.arrivals() == 3; });
  rig.sink().shut_down();
  ASSERT_EQ(rig.outcomes().size(), 5u);
  for (const auto& [ticket, outcome] : rig.outcomes()) {
    EXPECT_EQ(outcome.kind, Kind::unanswered);
    EXPECT_EQ(outcome.sent, ticket <= 3);
    EXPECT_EQ(outcome.reason, "shut down");
  }
  rig.sink().shut_down();  // again: nothing
  EXPECT_EQ(rig.outcomes_of(1), 1);
}

TEST(HttpSink, ShutDownFromInsideAnOutcome) {
  EvilServer server(always(200));
  SinkRig rig(sink_to(server.url()));
  rig.then([&](Ticket) { rig.sink().shut_down(); });
  for (Ticket ticket = 1; ticket <= 20; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(20);
  for (Ticket ticket = 1; ticket <= 20; ticket++) EXPECT_EQ(rig.outcomes_of(ticket), 1);
}

TEST(HttpSink, VerifiesCertificates) {
  TestCertificate certificate, other;
  EvilServer server(always(200), &certificate);
  {
    SinkRig rig(sink_to(server.url()));  // the system's authorities do not know it
    Outcome outcome = rig.send_and_wait(1);
    EXPECT_EQ(outcome.kind, Kind::retry);
    EXPECT_FALSE(outcome.sent);
    EXPECT_TRUE(outcome.reason.starts_with("certificate not trusted: ")) << outcome.reason;
  }
  SinkConfig config = sink_to(server.url());
  config.ca_file = other.pem_path;
  SinkRig rig(config);
  EXPECT_FALSE(rig.send_and_wait(1).sent);
  EXPECT_EQ(server.arrivals(), 0);
  config.ca_file = certificate.pem_path;
  rig.sink().reconfigure(config);
  for (Ticket ticket = 2; ticket <= 10; ticket++) EXPECT_EQ(rig.send_and_wait(ticket).kind, Kind::delivered);
  EXPECT_EQ(server.arrivals(), 9);
  EXPECT_EQ(server.connections(), 3) << "the trusted connection is kept";
  config.ca_file.clear();
  config.url = server.url("/again");
  rig.sink().reconfigure(config);
  EXPECT_FALSE(rig.send_and_wait(11).sent) << "trust given by an older config is gone";
  config.ca_file = certificate.pem_path + ".missing";
  rig.sink().reconfigure(config);
  Outcome outcome = rig.send_and_wait(12);
  EXPECT_FALSE(outcome.sent);
  EXPECT_TRUE(outcome.reason.starts_with("ca_file not usable")) << outcome.reason;
}

}  // namespace
}  // namespace forebay
