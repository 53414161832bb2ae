// Mails, and what the server's replies mean, against servers of all manners.
#include <gtest/gtest.h>

#include "tests/sinks/sink_rig.h"
#include "tests/support/line_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Answer = LineServer::Answer;
using Line = LineServer::Line;
using Then = LineServer::Answer::Then;

SinkConfig mail_to(const std::string& authority, Duration timeout = Duration::seconds(10)) {
  SinkConfig config;
  config.name = "mail";
  config.type = "smtp";
  config.url = "smtp://" + authority;
  config.timeout = timeout;
  config.concurrency = 1;
  config.mail.from = "shop@example.com";
  config.mail.to_fixed = "a@example.org";
  config.mail.subject = "Welcome";
  return config;
}

std::string here(const LineServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

// A mail server that answers as it should, but for what begins with `where`: `said` is its answer there. `where`
// may be "connection", "EHLO", "AUTH", "MAIL", "RCPT", "DATA" or "." (the end of the mail's text).
LineServer::Script but_at(const std::string& where, Answer said, bool auth = false) {
  return [=](const Line& line) -> Answer {
    if (line.nth == 0) return where == "connection" ? said : Answer{"220 here\r\n"};
    const auto is = [&](const char* word) { return line.text.starts_with(word); };
    if (where == "." ? line.text == "." : line.text.starts_with(where)) return said;
    if (is("EHLO")) return {auth ? "250-here\r\n250 AUTH PLAIN\r\n" : "250 here\r\n"};
    if (is("AUTH")) return {"334 \r\n"};
    if (line.text == "AG1lAHNlIGNyZXQ=") return {"235 come in\r\n"};  // NUL me NUL se cret
    if (is("MAIL FROM:") || is("RCPT TO:")) return {"250 fine\r\n"};
    if (line.text == "DATA") return {"354 go on\r\n"};
    if (line.text == ".") return {"250 taken\r\n"};
    if (line.text == "QUIT") return {"221 bye\r\n", Then::close};
    return {""};
  };
}

TEST(SmtpSink, DeliversAMail) {
  LineServer server(but_at("nothing", {}));
  SinkRig rig(mail_to(here(server)));
  const Outcome outcome = rig.send_and_wait(SinkRig::delivery(1, "line one\n.dots\n..\n.\nend"));
  EXPECT_EQ(outcome.kind, Kind::delivered) << outcome.reason;
  EXPECT_TRUE(outcome.sent && outcome.answered);
  EXPECT_EQ(outcome.status, 250);
  EXPECT_EQ(outcome.excerpt, "250 taken");
  EXPECT_EQ(outcome.peer, "127.0.0.1");
  EXPECT_EQ(server.count("MAIL FROM:<shop@example.com>"), 1);
  EXPECT_EQ(server.count("RCPT TO:<a@example.org>"), 1);
  EXPECT_EQ(server.count("Message-ID: <M1@example.com>"), 1);
  EXPECT_EQ(server.count("..dots"), 1) << "dots at the beginning of a line are doubled";
  EXPECT_EQ(server.count("..."), 1);
  EXPECT_EQ(server.count(".."), 3) << "the lone one as well";
}

TEST(SmtpSink, KeepsItsConnection) {
  LineServer server(but_at("nothing", {}));
  SinkRig rig(mail_to(here(server)));
  for (Ticket ticket = 1; ticket <= 20; ++ticket) EXPECT_EQ(rig.send_and_wait(ticket).kind, Kind::delivered);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.count("."), 20);
}

struct Case {
  const char* where;
  Answer said;
  Kind kind;
  bool sent;
  const char* reason;
};

class SmtpReplies : public ::testing::TestWithParam<Case> {};

TEST_P(SmtpReplies, AreClassified) {
  const Case& it = GetParam();
  LineServer server(but_at(it.where, it.said));
  SinkRig rig(mail_to(here(server), Duration::milliseconds(1500)));
  for (Ticket ticket = 1; ticket <= 2; ++ticket) {
    const Outcome outcome = rig.send_and_wait(ticket);
    EXPECT_EQ(outcome.kind, it.kind) << outcome.reason << " / " << outcome.excerpt;
    EXPECT_EQ(outcome.sent, it.sent);
    EXPECT_EQ(outcome.reason, it.reason);
  }
  EXPECT_LE(server.count("."), 2) << "no mail was sent twice";
}

INSTANTIATE_TEST_SUITE_P(
    All, SmtpReplies,
    ::testing::Values(Case{"connection", {"554 no service\r\n"}, Kind::sink_fault, true, "smtp 554"},
                      Case{"connection", {"421 closing\r\n", Then::close}, Kind::sink_fault, true, "smtp 421"},
                      Case{"connection", {"450 later\r\n"}, Kind::retry, true, "smtp 450"},
                      Case{"connection", {"", Then::close}, Kind::retry, false, "closed while connecting"},
                      Case{"connection", {"", Then::hang}, Kind::retry, false, "timeout while connecting"},
                      Case{"MAIL", {"450 later\r\n"}, Kind::retry, true, "smtp 450"},
                      Case{"MAIL", {"550 not you\r\n"}, Kind::sink_fault, true, "smtp 550"},
                      Case{"MAIL", {"552 too large\r\n"}, Kind::dead, true, "smtp 552"},
                      Case{"MAIL", {"", Then::close}, Kind::retry, true, "closed before the mail"},
                      Case{"RCPT", {"450 greylisted\r\n"}, Kind::retry, true, "smtp 450"},
                      Case{"RCPT", {"421 too many\r\n", Then::close}, Kind::sink_fault, true, "smtp 421"},
                      Case{"RCPT", {"550 no such user\r\n"}, Kind::dead, true, "smtp 550"},
                      Case{"RCPT", {"530 who are you\r\n"}, Kind::sink_fault, true, "smtp 530"},
                      Case{"RCPT", {"", Then::hang}, Kind::retry, true, "timeout before the mail"},
                      Case{"DATA", {"451 not now\r\n"}, Kind::retry, true, "smtp 451"},
                      Case{"DATA", {"554 no\r\n"}, Kind::dead, true, "smtp 554"},
                      Case{".", {"452 full\r\n"}, Kind::retry, true, "smtp 452"},
                      Case{".", {"550 spam\r\n"}, Kind::dead, true, "smtp 550"},
                      Case{".", {"", Then::close}, Kind::unanswered, true, "closed without a reply"},
                      Case{".", {"", Then::hang}, Kind::unanswered, true, "timeout"}));

TEST(SmtpSink, NobodyThereIsARetryAndNothingWasSent) {
  uint16_t port;
  {
    LineServer server(but_at("nothing", {}));
    port = server.port();
  }
  SinkRig rig(mail_to("127.0.0.1:" + std::to_string(port)));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.reason, "connection refused");
}

TEST(SmtpSink, LogsIn) {
  LineServer server(but_at("nothing", {}, true));
  SinkRig rig(mail_to("me:se%20cret@" + here(server)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  EXPECT_EQ(server.count("AG1lAHNlIGNyZXQ="), 1);
}

TEST(SmtpSink, AWrongPasswordIsTheSinksFaultAndNotRepeated) {
  LineServer server(but_at("AUTH", {"535 no\r\n"}, true));
  SinkRig rig(mail_to("me:secret@" + here(server)));
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::sink_fault);
  EXPECT_EQ(outcome.reason, "smtp 535");
  EXPECT_EQ(server.count("MAIL"), 0);
}

TEST(SmtpSink, AServerThatAsksForNoPasswordIsToldNone) {
  LineServer server(but_at("nothing", {}));
  SinkRig rig(mail_to("me:secret@" + here(server)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  EXPECT_EQ(server.count("AUTH"), 0);
}

TEST(SmtpSink, WhatMakesNoMailEndsDead) {
  LineServer server(but_at("nothing", {}));
  SinkConfig config = mail_to(here(server));
  config.mail.subject = "json:/subject";
  SinkRig rig(config);
  const Outcome outcome = rig.send_and_wait(SinkRig::delivery(1, R"({"subject": "Hi\r\nBcc: x@example.net"})"));
  EXPECT_EQ(outcome.kind, Kind::dead);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.reason, "header not allowed: Subject");
  EXPECT_EQ(server.connections(), 0);
}

// The server closes what idles, as servers do.
TEST(SmtpSink, AConnectionThatWentIsMadeAnew) {
  LineServer server(but_at("nothing", {}));
  SinkRig rig(mail_to(here(server)));
  EXPECT_EQ(rig.send_and_wait(1).kind, Kind::delivered);
  server.close_connections();
  Ticket ticket = 2;
  while (ticket < 10 && rig.send_and_wait(ticket).kind != Kind::delivered) ++ticket;
  EXPECT_LT(ticket, 10u);
  EXPECT_EQ(server.count("."), 2);
}

TEST(SmtpSink, NeverMoreThanItsConcurrencyUnderWay) {
  LineServer server(but_at("nothing", {}));
  SinkConfig config = mail_to(here(server));
  config.concurrency = 3;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 30; ++ticket) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(30);
  EXPECT_LE(server.connections(), 3);
  for (const auto& [ticket, outcome] : rig.outcomes()) EXPECT_EQ(outcome.kind, Kind::delivered);
}

TEST(SmtpSink, ShutDownInterruptsWhatIsUnderWay) {
  LineServer server(but_at("RCPT", {"", Then::hang}));
  SinkConfig config = mail_to(here(server), Duration::minutes(10));
  SinkRig rig(config);
  rig.send(SinkRig::delivery(1));
  rig.send(SinkRig::delivery(2));
  rig.run_until([&] { return server.count("RCPT") == 1; });
  rig.sink().shut_down();
  ASSERT_EQ(rig.outcomes().size(), 2u);
  EXPECT_EQ(rig.outcomes().at(1).reason, "shut down");
  EXPECT_TRUE(rig.outcomes().at(1).sent);
  EXPECT_FALSE(rig.outcomes().at(2).sent);
}

}  // namespace
}  // namespace forebay
