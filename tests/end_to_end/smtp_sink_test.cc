// Mails of a real process to a real mail server.
#include <gtest/gtest.h>

#include <fstream>

#include "base/base64.h"
#include "tests/end_to_end/json_reply.h"
#include "tests/support/mail_server.h"

namespace forebay::testing {
namespace {

std::string mail_sink(const std::string& url) {
  return "sinks:\n  mail:\n    type: smtp\n    url: \"" + url +
         "\"\n    concurrency: 2\n    timeout: 5s\n    mail: {from: shop@example.com, to: json:/email, subject: "
         "json:/subject, body: json:/text}\n    breaker: {min_wait: 10ms, max_wait: 50ms}\n    retry_budget: 100%\n"
         "queues:\n  q: {sink: mail, retry: {max_attempts: 5, min_backoff: 20ms, max_backoff: 100ms}}\n";
}

std::string registration(const std::string& email, const std::string& subject, const std::string& text) {
  return Json({{"email", email}, {"subject", subject}, {"text", text}}).dump();
}

double attempts(const RunningRelay& relay, const std::string& outcome) {
  return relay.metric("forebay_attempts_total{outcome=\"" + outcome + "\",sink=\"mail\"}").value_or(0);
}

// The reason of the one dead letter; waits for it.
std::string reason_of_death(const RunningRelay& relay) {
  Json letters;
  RunningRelay::eventually([&] {
    letters = json_of(relay.admin("GET", "/v1/queues/q/dead"))["letters"];
    return !letters.empty();
  });
  return letters.empty() ? "nobody died" : letters[0].value("reason", letters[0].dump());
}

TEST(SmtpSinkProcess, a_registration_mail_goes_out) {
  MailServer server;
  ASSERT_NE(server.port(), 0);
  RunningRelay relay(mail_sink(server.url()));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string text = "Gr\xc3\xbc\xc3\x9f Gott,\n.\n.hidden\n\nwelcome.";
  const std::string id =
      relay.publish("q", registration("new@example.org", "Willkommen, Gr\xc3\xbc\xc3\x9f Gott", text));
  ASSERT_NE(id, "");
  const auto mail = server.next();
  ASSERT_TRUE(mail) << relay.output();
  EXPECT_EQ(mail->from, "shop@example.com");
  EXPECT_EQ(mail->to, "new@example.org");
  EXPECT_EQ(mail->header("To"), "<new@example.org>");
  EXPECT_EQ(mail->header("Subject"), "=?UTF-8?B?" + base64("Willkommen, Gr\xc3\xbc\xc3\x9f Gott") + "?=");
  EXPECT_EQ(mail->header("Message-ID"), "<" + id + "@example.com>");
  EXPECT_EQ(mail->header("Content-Transfer-Encoding"), "base64");
  EXPECT_EQ(mail->content(), base64(text) + "\r\n");
  ASSERT_NE(relay.publish("q", registration("new@example.org", "Plain", "one\n.\n.hidden\n..\nend")), "");
  const auto plain = server.next();
  ASSERT_TRUE(plain) << relay.output();
  EXPECT_EQ(plain->header("Subject"), "Plain");
  EXPECT_EQ(plain->content(), "one\r\n.\r\n.hidden\r\n..\r\nend\r\n") << "dots come through";
  EXPECT_EQ(relay.stop(), 0);
  EXPECT_FALSE(server.next(std::chrono::milliseconds(50))) << "one mail a message";
}

TEST(SmtpSinkProcess, later_is_tried_again_and_no_is_dead) {
  MailServer server;
  ASSERT_NE(server.port(), 0);
  RunningRelay relay(mail_sink(server.url()));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", registration("first@example.org", "Hello", "x")), "");
  const auto mail = server.next();
  ASSERT_TRUE(mail) << relay.output();
  EXPECT_EQ(mail->to, "first@example.org");
  EXPECT_EQ(attempts(relay, "retry"), 1);
  ASSERT_NE(relay.publish("q", registration("nobody@example.org", "Hello", "x")), "");
  EXPECT_NE(reason_of_death(relay).find("smtp 550"), std::string::npos) << reason_of_death(relay);
  EXPECT_EQ(attempts(relay, "dead"), 1);
  ASSERT_NE(relay.publish("q", registration("full@example.org", "Hello", "x")), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "retry") == 6; })) << "five of them, then dead";
  EXPECT_EQ(relay.stop(), 0);
}

TEST(SmtpSinkProcess, a_subject_or_recipient_with_a_line_end_is_a_dead_letter_and_nothing_is_sent) {
  MailServer server;
  ASSERT_NE(server.port(), 0);
  RunningRelay relay(mail_sink(server.url()));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", registration("a@example.org", "Hi\r\nBcc: x@example.net", "x")), "");
  EXPECT_NE(reason_of_death(relay).find("header not allowed: Subject"), std::string::npos) << reason_of_death(relay);
  ASSERT_EQ(relay.admin("DELETE", "/v1/queues/q/dead").status, 200);
  ASSERT_NE(relay.publish("q", registration("a@example.org>\r\nRCPT TO:<x@example.net", "Hi", "x")), "");
  EXPECT_NE(reason_of_death(relay).find("json:/email is not a mail address"), std::string::npos);
  EXPECT_FALSE(server.next(std::chrono::milliseconds(50)));
  EXPECT_EQ(relay.stop(), 0);
}

TEST(SmtpSinkProcess, logs_in_and_a_wrong_password_kills_no_message) {
  MailServer server("shop", "se cret");
  ASSERT_NE(server.port(), 0);
  RunningRelay relay(mail_sink(server.url("shop:wrong@")));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", registration("a@example.org", "Hello", "x")), "");
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "sink_fault") >= 6; })) << relay.output();
  std::string text;
  {
    std::ifstream in(relay.config_path());
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  text.replace(text.find("shop:wrong@"), 11, "shop:se%20cret@");
  std::ofstream(relay.config_path()) << text;
  ASSERT_EQ(relay.admin("POST", "/v1/config:reload").status, 200);
  const auto mail = server.next();
  ASSERT_TRUE(mail) << relay.output();
  EXPECT_EQ(mail->to, "a@example.org");
  EXPECT_EQ(relay.stop(), 0);
}

// Accepted while nobody takes mails, killed, and sent by the next process.
TEST(SmtpSinkProcess, a_mail_outlives_a_kill) {
  MailServer server;
  ASSERT_NE(server.port(), 0);
  RunningRelay relay(mail_sink("smtp://127.0.0.1:1"));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string id = relay.publish("q", registration("a@example.org", "Hello", "x"));
  ASSERT_TRUE(RunningRelay::eventually([&] { return attempts(relay, "retry") >= 1; })) << relay.output();
  relay.kill();
  std::string text;
  {
    std::ifstream in(relay.config_path());
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  text.replace(text.find("127.0.0.1:1\""), 12, "127.0.0.1:" + std::to_string(server.port()) + "\"");
  std::ofstream(relay.config_path()) << text;
  ASSERT_TRUE(relay.start()) << relay.output();
  const auto mail = server.next();
  ASSERT_TRUE(mail) << relay.output();
  EXPECT_EQ(mail->header("Message-ID"), "<" + id + "@example.com>");
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
