// Messages joined into one request, and signatures.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sinks/http/joined.h"
#include "sinks/http/signer.h"
#include "tests/sinks/sink_rig.h"
#include "tests/support/evil_server.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
using Format = BatchConfig::Format;
using Json = nlohmann::json;

EvilServer::Script always(int status, std::string_view body = "") {
  return [status, body = std::string(body)](const EvilServer::Request&) { return EvilServer::answer(status, body); };
}

SinkConfig batched(const EvilServer& server, uint32_t max, Duration linger, Format format = Format::json) {
  SinkConfig config = sink_to(server.url());
  config.batch = {.format = format, .max = max, .linger = linger};
  return config;
}

TEST(Batch, AFullOneLeavesAtOnceAndItsReplyIsForAll) {
  EvilServer server(always(200, "thanks"));
  SinkRig rig(batched(server, 3, Duration::minutes(1)));
  for (Ticket ticket = 1; ticket <= 6; ++ticket) {
    Delivery delivery = SinkRig::delivery(ticket, ticket % 2 ? "{\"n\": 1}" : "text");
    delivery.content_type = ticket % 2 ? "application/json" : "text/plain";
    rig.send(delivery);
  }
  rig.wait_for(6);
  ASSERT_EQ(server.arrivals(), 2);
  const auto request = server.requests()[0];
  EXPECT_EQ(Json::parse(request.body), Json::parse(R"([{"n": 1}, "text", {"n": 1}])"));
  EXPECT_EQ(request.header("Content-Type"), "application/json");
  EXPECT_EQ(request.header("Forebay-Message-Ids"), "M1,M2,M3");
  EXPECT_EQ(request.header("Forebay-Message-Id"), "");
  EXPECT_EQ(request.header("Idempotency-Key").size(), 32u);
  size_t first = 0;
  for (const auto& [ticket, outcome] : rig.outcomes()) {
    EXPECT_EQ(rig.outcomes_of(ticket), 1);
    EXPECT_EQ(outcome.kind, Kind::delivered);
    EXPECT_EQ(outcome.excerpt, "thanks");
    first += !outcome.of_same_request;
  }
  EXPECT_EQ(first, 2u) << "one outcome of each request stands for it";
}

TEST(Batch, WhatIsNotFullLeavesAfterTheLinger) {
  EvilServer server(always(200));
  SinkRig rig(batched(server, 50, Duration::milliseconds(30), Format::ndjson));
  rig.send(SinkRig::delivery(1, "{\"a\":\n1}"));
  rig.send(SinkRig::delivery(2, "two"));
  const uint64_t began = uv_now(rig.loop());
  rig.wait_for(2);
  EXPECT_GE(uv_now(rig.loop()) - began, 29u);
  ASSERT_EQ(server.arrivals(), 1);
  EXPECT_EQ(server.requests()[0].body, "\"{\\\"a\\\":\\n1}\"\n\"two\"\n");  // text/plain is text
  EXPECT_EQ(server.requests()[0].header("Content-Type"), "application/x-ndjson");
}

TEST(Batch, OneMessageIsABatchAsWell) {
  EvilServer server(always(200));
  SinkRig rig(batched(server, 50, Duration::milliseconds(1)));
  rig.send_and_wait(1);
  EXPECT_EQ(server.requests()[0].body, "[\"hello\"]");
  EXPECT_EQ(server.requests()[0].header("Forebay-Message-Ids"), "M1");
}

TEST(Batch, OneOutcomeForAll) {
  for (const auto& [status, kind] : {std::pair{500, Kind::retry}, {429, Kind::throttled}, {400, Kind::dead}}) {
    EvilServer server(always(status));
    SinkRig rig(batched(server, 4, Duration::minutes(1)));
    for (Ticket ticket = 1; ticket <= 4; ++ticket) rig.send(SinkRig::delivery(ticket));
    rig.wait_for(4);
    EXPECT_EQ(server.arrivals(), 1);
    for (const auto& [ticket, outcome] : rig.outcomes()) EXPECT_EQ(outcome.kind, kind);
  }
}

TEST(Batch, OnlyWhatIsTrueOfAllIsSaidOfAll) {
  EvilServer server(always(200));
  SinkRig rig(batched(server, 2, Duration::milliseconds(20)));
  for (Ticket ticket = 1; ticket <= 6; ++ticket) {
    Delivery delivery = SinkRig::delivery(ticket);
    delivery.queue = ticket <= 2 ? "a" : "b";
    delivery.attempt = static_cast<unsigned>(ticket);
    const char* tenant = ticket <= 4 ? "acme" : "other";
    delivery.headers = {{"X-Tenant", tenant}, {"Content-Encoding", "gzip"}, {"content-type", "text/html"}};
    rig.send(delivery);
  }
  rig.wait_for(6);
  std::map<std::string, EvilServer::Request> requests;
  for (const auto& request : server.requests()) requests[request.header("Forebay-Message-Ids")] = request;
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests["M1,M2"].header("Forebay-Queue"), "a");
  EXPECT_EQ(requests["M1,M2"].header("Forebay-Attempt"), "2") << "the highest of them";
  EXPECT_EQ(requests["M3,M4"].header("X-Tenant"), "acme");
  EXPECT_EQ(requests["M5,M6"].header("X-Tenant"), "other");
  EXPECT_EQ(requests["M1,M2"].header("Content-Encoding"), "");
  EXPECT_EQ(requests["M1,M2"].header("Content-Type"), "application/json");
}

TEST(Batch, ManyBytesAreNotGathered) {
  EvilServer server(always(200));
  SinkRig rig(batched(server, 50, Duration::milliseconds(200)));
  const std::string large(1'500'000, 'x');
  for (Ticket ticket = 1; ticket <= 4; ++ticket) rig.send(SinkRig::delivery(ticket, large));
  rig.wait_for(4);
  EXPECT_EQ(server.arrivals(), 2);
}

// What was gathered leaves at a reload; nothing is lost on the way.
TEST(Batch, LeavesAtAReload) {
  EvilServer server(always(200));
  SinkConfig config = batched(server, 50, Duration::minutes(1));
  SinkRig rig(config);
  rig.send(SinkRig::delivery(1));
  config.batch.max = 1;
  rig.sink().reconfigure(config);
  rig.wait_for(1);
  rig.send_and_wait(2);
  EXPECT_EQ(server.requests()[0].body, "[\"hello\"]");
  EXPECT_EQ(server.requests()[1].body, "hello");
}

TEST(Batch, ShutDownTellsEachMessageOnce) {
  EvilServer server(
      [](const auto&) { return EvilServer::Answer{.bytes = "", .then = EvilServer::Answer::Then::hang}; });
  SinkRig rig(batched(server, 2, Duration::minutes(1)));
  for (Ticket ticket = 1; ticket <= 3; ++ticket) rig.send(SinkRig::delivery(ticket));
  rig.run_until([&] { return server.arrivals() == 1; });
  rig.sink().shut_down();
  for (Ticket ticket = 1; ticket <= 3; ++ticket) {
    ASSERT_EQ(rig.outcomes_of(ticket), 1);
    EXPECT_EQ(rig.outcomes().at(ticket).kind, Kind::unanswered);
    EXPECT_EQ(rig.outcomes().at(ticket).sent, ticket <= 2);
  }
}

TEST(Batch, IsNeverAboveTheConcurrency) {
  EvilServer server(always(200));
  SinkConfig config = batched(server, 50, Duration::minutes(1));
  config.concurrency = 2;
  SinkRig rig(config);
  for (Ticket ticket = 1; ticket <= 4; ++ticket) rig.send(SinkRig::delivery(ticket));
  rig.wait_for(4);
  EXPECT_EQ(server.arrivals(), 2);
}

TEST(Batch, TheKeyIsOfTheMessagesAndTheirOrder) {
  const auto key = [](std::vector<Ticket> tickets) {
    std::vector<Delivery> group;
    for (const Ticket ticket : tickets) group.push_back(SinkRig::delivery(ticket));
    return std::string(join(std::move(group), Format::json).delivery.idempotency_key);
  };
  EXPECT_EQ(key({1, 2}), key({1, 2}));
  EXPECT_NE(key({1, 2}), key({2, 1}));
  EXPECT_NE(key({1, 2}), key({1}));
}

// printf 'msg_1.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | base64
// with KEY = 6d792d7365637265742d6b65792d6f662d32342d6279746573, and then
// 303132333435363738393031323334353637383930313233.
TEST(Signer, GivesWhatOpensslGives) {
  const Signer one(SignConfig{{"whsec_bXktc2VjcmV0LWtleS1vZi0yNC1ieXRlcw=="}});
  EXPECT_EQ(one.sign("msg_1", "1614265330", "{\"test\": 2432232314}"),
            "v1,wkVS5s74N9QAaBrClSQa5lHM1FUtPNtvSXHjsMyr19E=");
  const Signer both(
      SignConfig{{"whsec_bXktc2VjcmV0LWtleS1vZi0yNC1ieXRlcw==", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"}});
  EXPECT_EQ(both.sign("msg_1", "1614265330", "{\"test\": 2432232314}"),
            "v1,wkVS5s74N9QAaBrClSQa5lHM1FUtPNtvSXHjsMyr19E= v1,f/J7O8ICcd/iY2ceHKTL6w2MiwBP/6VgJPOCWkWfnRk=");
}

TEST(Signer, TimestampsAreWholeSeconds) {
  EXPECT_EQ(webhook_timestamp(WallTime::from_ms(1'767'225'600'999)), "1767225600");
}

TEST(Signer, WithoutSecretsThereIsNothingToSignWith) {
  EXPECT_FALSE(Signer(SignConfig{}).signs());
  EXPECT_TRUE(Signer(SignConfig{}).usable());
  EXPECT_FALSE(Signer(SignConfig{{"whsec_short"}}).usable());
}

TEST(Signed, ARequestWhoseSecretIsNoneIsNotSent) {
  EvilServer server(always(200));
  SinkConfig config = sink_to(server.url());
  config.sign.secrets = {"not a secret"};
  SinkRig rig(config);
  const Outcome outcome = rig.send_and_wait(1);
  EXPECT_EQ(outcome.kind, Kind::sink_fault);
  EXPECT_EQ(outcome.reason, "a secret of sign not usable");
  EXPECT_EQ(server.arrivals(), 0);
}

TEST(Signed, CoversWhatIsSent) {
  EvilServer server(always(200));
  SinkConfig config = sink_to(server.url());
  config.sign.secrets = {"whsec_bXktc2VjcmV0LWtleS1vZi0yNC1ieXRlcw==", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"};
  for (const uint32_t max : {1u, 2u}) {
    config.batch = {.max = max, .linger = Duration::milliseconds(1)};
    SinkRig rig(config);
    Delivery delivery = SinkRig::delivery(max);
    delivery.headers = {{"Webhook-Signature", "v1,forged"}, {"webhook-id", "forged"}};
    rig.send_and_wait(delivery);
    const auto request = server.requests().back();
    EXPECT_EQ(request.header("webhook-id"), max == 1 ? "M1" : request.header("Idempotency-Key"));
    const Signer signer(config.sign);
    EXPECT_EQ(request.header("webhook-signature"),
              signer.sign(request.header("webhook-id"), request.header("webhook-timestamp"), request.body));
    EXPECT_EQ(request.head.find("forged"), std::string::npos);
  }
}

}  // namespace
}  // namespace forebay
