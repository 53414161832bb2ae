#include "doors/admin/address.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace forebay {
namespace {

using Names = std::vector<std::string>;

std::optional<Names> match(std::string_view pattern, std::string_view path) {
  const auto address = parse_address(path);
  Names names;
  if (!address || !matches(pattern, *address, &names)) return std::nullopt;
  return names;
}

TEST(Address, NamesAndVerbsAreTakenApart) {
  EXPECT_EQ(match("/v1/queues/*", "/v1/queues/sms"), Names{"sms"});
  EXPECT_EQ(match("/v1/queues/*:pause", "/v1/queues/sms:pause"), Names{"sms"});
  EXPECT_EQ(match("/v1/queues/*/dead:replay", "/v1/queues/sms/dead:replay"), Names{"sms"});
  EXPECT_EQ(match("/v1/topics/*/subscriptions/*", "/v1/topics/a/subscriptions/b"), (Names{"a", "b"}));
  EXPECT_EQ(match("/", "/"), Names{});
}

TEST(Address, NamesMayHoldAnyCharacterWhenEncoded) {
  EXPECT_EQ(match("/v1/queues/*", "/v1/queues/a%2Fb"), Names{"a/b"});
  EXPECT_EQ(match("/v1/queues/*", "/v1/queues/a%3Apause"), Names{"a:pause"});
  EXPECT_EQ(match("/v1/queues/*:pause", "/v1/queues/a%3apause:pause"), Names{"a:pause"});
  EXPECT_EQ(match("/v1/queues/*", "/v1/queues/%E7%9F%AD%E4%BF%A1"), Names{"短信"});
}

TEST(Address, WhatIsNotThePatternDoesNotMatch) {
  EXPECT_FALSE(match("/v1/queues/*", "/v1/queues/"));
  EXPECT_FALSE(match("/v1/queues/*", "/v1/queues/sms/"));
  EXPECT_FALSE(match("/v1/queues/*", "/v1/queues/sms:pause"));
  EXPECT_FALSE(match("/v1/queues/*:pause", "/v1/queues/sms"));
  EXPECT_FALSE(match("/v1/queues/*:pause", "/v1/queues/:pause"));
  EXPECT_FALSE(match("/v1/queues/*:pause", "/v1/queues/sms:Pause"));
  EXPECT_FALSE(match("/v1/status", "/v1//status"));
  EXPECT_FALSE(match("/v1/status", "/V1/status"));
}

TEST(Address, BadEncodingIsRefused) {
  for (const char* path : {"/%", "/%4", "/%zz", "/a%2", "/%G0"}) EXPECT_FALSE(parse_address(path)) << path;
}

TEST(Address, QueryIsDecoded) {
  const auto query = parse_query("limit=10&cursor=a%26b%3D&flag");
  ASSERT_TRUE(query);
  EXPECT_EQ(*query, (Query{{"limit", "10"}, {"cursor", "a&b="}, {"flag", ""}}));
  EXPECT_TRUE(parse_query("")->empty());
  EXPECT_FALSE(parse_query("id=1&id=2"));
  EXPECT_FALSE(parse_query("id=%"));
}

RC_GTEST_PROP(Address, EveryNameSurvivesEncoding, (const std::string& name)) {
  RC_PRE(!name.empty());
  std::string encoded;
  for (unsigned char c : name) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02x", c);
    encoded += hex;
  }
  RC_ASSERT(match("/v1/queues/*:purge", "/v1/queues/" + encoded + ":purge") == Names{name});
}

RC_GTEST_PROP(Address, NoTextBreaksTheParsers, (const std::string& text)) {
  parse_address(text);
  parse_query(text);
}

}  // namespace
}  // namespace forebay
