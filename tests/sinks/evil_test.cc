// What becomes of an attempt when the downstream misbehaves, and that no attempt ever arrives twice.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sinks/sink_rig.h"
#include "tests/support/evil_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Answer = EvilServer::Answer;
using Request = EvilServer::Request;
using Then = EvilServer::Answer::Then;

constexpr Duration kShort = Duration::milliseconds(150);

EvilServer::Script always(Answer answer) {
  return [=](const Request&) { return answer; };
}

// Each message arrived at most once, and exactly once where its request may have left.
void expect_arrivals_match_attempts(const EvilServer& server, const SinkRig& rig) {
  for (const auto& [id, count] : server.arrivals_by_id()) EXPECT_EQ(count, 1) << id;
  int sent = 0;
  for (const auto& [ticket, outcome] : rig.outcomes()) sent += outcome.sent;
  EXPECT_EQ(server.arrivals(), sent);
}

void expect_unanswered(const Outcome& outcome, std::string_view reason) {
  EXPECT_EQ(outcome.kind, Kind::unanswered);
  EXPECT_TRUE(outcome.sent);
  EXPECT_FALSE(outcome.answered);
  EXPECT_EQ(outcome.reason, reason);
}

TEST(Evil, TakesTheRequestAndCloses) {
  EvilServer server(always({.bytes = "", .then = Then::close}));
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= 10; ticket++)
    expect_unanswered(rig.send_and_wait(ticket), "closed without a reply");
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, TakesTheRequestAndResets) {
  EvilServer server(always({.bytes = "", .then = Then::reset}));
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= 10; ticket++) expect_unanswered(rig.send_and_wait(ticket), "connection reset");
  expect_arrivals_match_attempts(server, rig);
}

// libcurl's silent resend: the connection answered before, takes the next request and closes.
TEST(Evil, TakesARequestOnAUsedConnectionAndCloses) {
  EvilServer server([](const Request& request) {
    if (request.nth == 1) return EvilServer::answer(200);
    return Answer{.bytes = "", .then = request.connection % 2 == 0 ? Then::close : Then::reset};
  });
  SinkConfig config = sink_to(server.url());
  config.concurrency = 8;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 200; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(200);
  expect_arrivals_match_attempts(server, rig);
  int unanswered = 0;
  for (const auto& [ticket, outcome] : rig.outcomes()) unanswered += outcome.kind == Kind::unanswered;
  EXPECT_GT(unanswered, 50) << "the case was not met";
}

TEST(Evil, RestartsWhileRequestsAreUnderWay) {
  std::atomic<bool> hangs = false;
  EvilServer server([&](const Request& request) {
    return hangs && request.nth >= 3 ? Answer{.bytes = "", .then = Then::hang} : EvilServer::answer(200);
  });
  SinkConfig config = sink_to(server.url());
  config.concurrency = 4;
  SinkRig rig(config);
  Ticket ticket = 0;
  for (int round = 1; round <= 20; round++) {
    hangs = true;
    int before = server.arrivals();
    for (int i = 0; i < 40; i++) rig.send(SinkRig::delivery(++ticket));
    rig.run_until([&] { return server.arrivals() >= before + 4; });  // one per connection at least
    hangs = false;
    server.restart();
    rig.wait_for(ticket);
  }
  // What the kernel had taken and the server never read was sent and did not arrive.
  int sent = 0, answered = 0;
  for (const auto& [id, count] : server.arrivals_by_id()) EXPECT_EQ(count, 1) << id;
  for (const auto& [t, outcome] : rig.outcomes()) sent += outcome.sent, answered += outcome.answered;
  EXPECT_LE(server.arrivals(), sent);
  EXPECT_GE(server.arrivals(), answered);
  EXPECT_LT(answered, sent) << "the case was not met";
}

TEST(Evil, IsAwayAndComesBack) {
  EvilServer server(always(EvilServer::answer(200)));
  SinkRig rig(sink_to(server.url()));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  server.stop();
  for (Ticket ticket = 2; ticket <= 5; ticket++) {
    Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, Kind::retry);
    EXPECT_FALSE(outcome.sent);
    EXPECT_EQ(outcome.reason, "connection refused");
  }
  server.restart();
  EXPECT_EQ(rig.send_and_wait(6).kind, Kind::delivered);
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, NeverAnswers) {
  EvilServer server(always({.bytes = "", .then = Then::hang}));
  SinkRig rig(sink_to(server.url(), kShort));
  for (Ticket ticket = 1; ticket <= 3; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(3);
  for (const auto& [ticket, outcome] : rig.outcomes()) expect_unanswered(outcome, "timeout");
  expect_arrivals_match_attempts(server, rig);
}

// The time spent in waiting for a turn is not the attempt's.
TEST(Evil, NeverAnswersOneAtATime) {
  EvilServer server(always({.bytes = "", .then = Then::hang}));
  SinkConfig config = sink_to(server.url(), kShort);
  config.concurrency = 1;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 3; ticket++) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(3);
  for (const auto& [ticket, outcome] : rig.outcomes()) expect_unanswered(outcome, "timeout");
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, ClosesConnectionsAtRest) {
  EvilServer server(always(EvilServer::answer(200)));
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= 20; ticket++) {
    Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, Kind::delivered) << "the message paid for it";
    server.close_connections();
    int turns = 0;
    rig.run_until([&] { return ++turns > 3; });
  }
  EXPECT_GT(server.connections(), 15);
  expect_arrivals_match_attempts(server, rig);
}

// A reply that came before its request must answer nothing.
TEST(Evil, SpeaksUnasked) {
  EvilServer server(always(EvilServer::answer(503)));
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= 5; ticket++) {
    EXPECT_EQ(rig.send_and_wait(ticket).status, 503);
    server.say(EvilServer::reply(200));
    int turns = 0;
    rig.run_until([&] { return ++turns > 3; });
  }
  for (Ticket ticket = 6; ticket <= 10; ticket++) {
    EXPECT_EQ(rig.send_and_wait(ticket).status, 503);
    server.say(EvilServer::reply(200));  // and the next request in the same turn
  }
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, AnswersTwiceInOneGo) {
  EvilServer server(always({.bytes = EvilServer::reply(503) + EvilServer::reply(200)}));
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= 10; ticket++) EXPECT_EQ(rig.send_and_wait(ticket).status, 503);
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, ClosesBeforeReading) {
  EvilServer server(always(EvilServer::answer(200)));
  for (auto how : {EvilServer::AtAccept::close, EvilServer::AtAccept::reset}) {
    server.at_accept(how);
    SinkRig rig(sink_to(server.url(), Duration::seconds(2)));
    Outcome outcome = rig.send_and_wait(1);
    EXPECT_TRUE(outcome.kind == Kind::unanswered || !outcome.sent) << outcome.reason;
    EXPECT_FALSE(outcome.answered);
  }
  EXPECT_EQ(server.arrivals(), 0);
}

// A listening socket whose queue is full answers no SYN: a black hole without leaving the machine.
TEST(Evil, IsABlackHole) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  int fillers[4];
  for (int& filler : fillers) {
    filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    EXPECT_NE(connect(filler, reinterpret_cast<sockaddr*>(&address), length), 0);
  }
  SinkRig rig(sink_to("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/", kShort));
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.reason, "timeout while connecting");
  for (int filler : fillers) close(filler);
  close(listener);
}

TEST(Evil, AcceptsAndNeverShakesHands) {
  TestCertificate certificate;
  EvilServer server(always(EvilServer::answer(200)), &certificate);
  server.at_accept(EvilServer::AtAccept::hang);
  SinkRig rig(sink_to(server.url(), kShort));
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.reason, "timeout while connecting");
}

TEST(Evil, TricklesABodyUntilTheTimeIsUp) {
  EvilServer server(always({.bytes = EvilServer::reply(200, std::string(5000, 'x')), .trickle_ms = 1}));
  SinkRig rig(sink_to(server.url(), kShort));
  expect_unanswered(rig.send_and_wait(1), "timeout");
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, TricklesAReplyInTime) {
  EvilServer server(always({.bytes = EvilServer::reply(200, "slow but whole"), .trickle_ms = 1}));
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= 3; ticket++) EXPECT_EQ(rig.send_and_wait(ticket).excerpt, "slow but whole");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Evil, SendsAGiantBody) {
  std::string giant(8 << 20, 'x');
  EvilServer server([&](const Request& request) { return EvilServer::answer(request.id == "M1" ? 200 : 500, giant); });
  SinkRig rig(sink_to(server.url()));
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::delivered);
  EXPECT_TRUE(outcome.answered);
  EXPECT_EQ(outcome.reason, "http 200, reply above 64 KiB");
  EXPECT_EQ(outcome.excerpt, std::string(256, 'x'));
  EXPECT_EQ(rig.send_and_wait(2).kind, Kind::retry);
  EXPECT_EQ(server.connections(), 2) << "what was cut off is not read on";
  expect_arrivals_match_attempts(server, rig);
}

TEST(Evil, SendsABodyOfJustTheBound) {
  EvilServer server(always(EvilServer::answer(200, std::string(64 * 1024, 'x'))));
  SinkRig rig(sink_to(server.url()));
  EXPECT_EQ(rig.send_and_wait(1).reason, "http 200");
  EXPECT_EQ(rig.send_and_wait(2).reason, "http 200");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Evil, SendsGiantHeaders) {
  std::string many;
  for (int i = 0; i < 5000; i++) many += "X-Header-" + std::to_string(i) + ": some value\r\n";
  for (const std::string& headers : {many, "X-Long: " + std::string(1 << 20, 'x') + "\r\n"}) {
    EvilServer server(always(EvilServer::answer(200, "", headers)));
    SinkRig rig(sink_to(server.url()));
    Outcome outcome = rig.send_and_wait(1);
    EXPECT_EQ(outcome.kind, Kind::unanswered);
    EXPECT_FALSE(outcome.answered);
    EXPECT_TRUE(outcome.reason == "reply headers too large" || outcome.reason == "malformed reply") << outcome.reason;
    expect_arrivals_match_attempts(server, rig);
  }
}

TEST(Evil, SendsNothingButInterimReplies) {
  std::string interim;
  for (int i = 0; i < 20'000; i++) interim += "HTTP/1.1 102 Processing\r\n\r\n";
  EvilServer server(always({.bytes = interim}));
  SinkRig rig(sink_to(server.url()));
  expect_unanswered(rig.send_and_wait(1), "reply headers too large");
}

TEST(Evil, SkipsInterimReplies) {
  std::string bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n" +
                      EvilServer::reply(429, "", "Retry-After: 7\r\n");
  EvilServer server(always({.bytes = bytes}));
  SinkRig rig(sink_to(server.url()));
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.status, 429);
  EXPECT_EQ(outcome.retry_after, Duration::seconds(7));
}

class Malformed : public testing::TestWithParam<std::string> {};

TEST_P(Malformed, IsUnanswered) {
  EvilServer server(always({.bytes = GetParam(), .then = Then::close}));
  SinkRig rig(sink_to(server.url(), Duration::seconds(2)));
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::unanswered) << outcome.reason << " http " << outcome.status;
  EXPECT_TRUE(outcome.sent);
  EXPECT_FALSE(outcome.answered);
  expect_arrivals_match_attempts(server, rig);
}

INSTANTIATE_TEST_SUITE_P(Evil, Malformed,
                         testing::Values("garbage\r\n\r\n", "<html>hello</html>", "HTTP/1.1\r\n\r\n",
                                         "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 2 OK\r\n\r\n",
                                         "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n", "220 smtp ready\r\n",
                                         "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                                         "HTTP/1.1 200 OK\r\nContent-Le",
                                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
                                         std::string(300'000, 'a'), std::string(1000, '\0'), "\r\n\r\n\r\n"));

class Redirect : public testing::TestWithParam<int> {};

TEST_P(Redirect, IsNotFollowed) {
  EvilServer elsewhere(always(EvilServer::answer(200)));
  EvilServer server(always(EvilServer::answer(GetParam(), "", "Location: " + elsewhere.url() + "\r\n")));
  SinkRig rig(sink_to(server.url()));
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::dead);
  EXPECT_EQ(outcome.reason, "http " + std::to_string(GetParam()));
  EXPECT_EQ(elsewhere.connections(), 0);
}

INSTANTIATE_TEST_SUITE_P(Evil, Redirect, testing::Values(301, 302, 303, 307, 308));

TEST(Evil, ChallengesAnExpiredToken) {
  EvilServer server(always(EvilServer::answer(401, "token expired", "WWW-Authenticate: Basic realm=\"x\"\r\n")));
  SinkConfig config = sink_to(server.url());
  config.headers = {{"Authorization", "Bearer old"}};
  SinkRig rig(config);
  Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::sink_fault);
  EXPECT_EQ(outcome.excerpt, "token expired");
  expect_arrivals_match_attempts(server, rig);
}

struct AbsurdRetryAfter {
  const char* value;
  std::optional<Duration> want;
};

TEST(Evil, AsksForAbsurdWaits) {
  const AbsurdRetryAfter kCases[] = {{"-5", std::nullopt},
                                     {"1000000000000000000000000000000", Duration::hours(24)},
                                     {"Thu, 01 Jan 1970 00:00:00 GMT", std::nullopt},
                                     {"Fri, 31 Dec 9999 23:59:59 GMT", Duration::hours(24)},
                                     {"soon", std::nullopt},
                                     {"", std::nullopt},
                                     {"3", Duration::seconds(3)}};
  EvilServer server([&](const Request& request) {
    const char* value = kCases[request.nth - 1].value;
    return EvilServer::answer(429, "", std::string("Retry-After: ") + value + "\r\n");
  });
  SinkRig rig(sink_to(server.url()));
  for (Ticket ticket = 1; ticket <= std::size(kCases); ticket++) {
    Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, Kind::throttled);
    EXPECT_EQ(outcome.retry_after, kCases[ticket - 1].want) << kCases[ticket - 1].value;
  }
}

TEST(Evil, AnswersALargeRequestEarlyAndCloses) {
  std::string large(4 << 20, 'x');
  EvilServer server(always(EvilServer::answer(413)));
  SinkRig rig(sink_to(server.url()));
  EXPECT_EQ(rig.send_and_wait(SinkRig::delivery(1, large)).kind, Kind::dead);
}

}  // namespace
}  // namespace forebay
