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

}  // namespace
}  // namespace forebay
