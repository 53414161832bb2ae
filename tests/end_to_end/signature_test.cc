// Standard Webhooks signatures of a real process, checked by the openssl command.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "base/base64.h"
#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

const std::string old_key = "0123456789abcdef01234567", new_key = "the next key, of 27 letters";

std::string secret(const std::string& key) {
  return "whsec_" + base64(key);
}

std::string signing(const std::string& url, const std::string& rest) {
  return "sinks:\n  s: {url: \"" + url + "\", " + rest + "}\nqueues:\n  q: {sink: s}\n";
}

// v1, and what openssl makes of it.
std::string by_openssl(const std::string& key, const EvilServer::Request& request) {
  TempDir directory;
  const std::string path = directory.write(
      "signed", request.header("webhook-id") + "." + request.header("webhook-timestamp") + "." + request.body);
  std::string hex;
  for (const char c : key) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(digits[c & 15]);
  }
  Process process(
      {"/bin/sh", "-c",
       "openssl dgst -sha256 -mac HMAC -macopt hexkey:" + hex + " -binary '" + path + "' | openssl base64"});
  return "v1," + process.read_line().value_or("");
}

EvilServer::Request last_of(const EvilServer& server, int count) {
  RunningRelay::eventually([&] { return server.arrivals() >= count; });
  return server.requests().back();
}

TEST(Signature, of_every_request_and_by_all_keys_while_they_are_changed) {
  EvilServer server([](const auto&) { return EvilServer::answer(200); });
  const std::string url = server.url();
  RunningRelay relay(signing(url, "sign: {scheme: standard-webhooks, secrets: [" + secret(old_key) + "]}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string id = relay.publish("q", "{\"paid\": true}");
  auto request = last_of(server, 1);
  EXPECT_EQ(request.header("webhook-id"), id);
  EXPECT_LE(std::abs(std::strtoll(request.header("webhook-timestamp").c_str(), nullptr, 10) - std::time(nullptr)), 60);
  EXPECT_EQ(request.header("webhook-signature"), by_openssl(old_key, request));
  std::string text;
  {
    std::ifstream in(relay.config_path());
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  text.replace(text.find(secret(old_key)), secret(old_key).size(), secret(new_key) + ", " + secret(old_key));
  std::ofstream(relay.config_path()) << text;
  ASSERT_EQ(relay.admin("POST", "/v1/config:reload").status, 200);
  ASSERT_NE(relay.publish("q", "again"), "");
  request = last_of(server, 2);
  EXPECT_EQ(request.header("webhook-signature"), by_openssl(new_key, request) + " " + by_openssl(old_key, request));
  EXPECT_EQ(relay.stop(), 0);
}

// Receivers refuse what they saw before by its id, and what is old by its time.
TEST(Signature, of_a_retry_has_the_same_id_and_is_made_anew) {
  EvilServer server([](const EvilServer::Request& request) {
    return EvilServer::answer(request.header("Forebay-Attempt") == "1" ? 500 : 200);
  });
  RunningRelay relay(signing(server.url(), "retry_budget: 100%, sign: {secrets: [" + secret(old_key) + "]}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "x"), "");
  const auto second = last_of(server, 2), first = server.requests()[0];
  EXPECT_EQ(first.header("webhook-id"), second.header("webhook-id"));
  for (const auto& request : {first, second}) {
    EXPECT_EQ(request.header("webhook-signature"), by_openssl(old_key, request));
  }
  EXPECT_EQ(relay.stop(), 0);
}

TEST(Signature, of_a_batch_is_of_the_whole) {
  EvilServer server([](const auto&) { return EvilServer::answer(200); });
  RunningRelay relay(signing(server.url(), "batch: {max: 2, linger: 30s}, sign: {secrets: [" + secret(old_key) + "]}"));
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_NE(relay.publish("q", "one"), "");
  ASSERT_NE(relay.publish("q", "two"), "");
  const auto request = last_of(server, 1);
  EXPECT_EQ(Json::parse(request.body), Json({"one", "two"}));
  EXPECT_EQ(request.header("webhook-signature"), by_openssl(old_key, request));
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
