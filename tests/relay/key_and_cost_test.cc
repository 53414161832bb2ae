#include "relay/key_and_cost.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <vector>

#include "relay/key_hash.h"

namespace forebay {
namespace {

constexpr uint64_t seed = 7;
using From = ValueSource::From;
using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

KeyAndCostPaths paths(const ValueSource& key, const ValueSource& cost = {}) {
  return {ValuePath(key), ValuePath(cost)};
}
ValueSource json(std::string pointer) {
  return {From::json, std::move(pointer)};
}
ValueSource header(std::string name) {
  return {From::header, std::move(name)};
}

class KeyAndCostTest : public ::testing::Test {
 public:
  KeyHash key(const std::string& pointer, std::string_view body) {
    NewMessage message;
    message.body = body;
    return reader_.read(paths(json(pointer)), message).key;
  }
  KeyAndCost cost(const ValueSource& source, std::string_view body, const Headers& headers = {}) {
    NewMessage message;
    message.body = body;
    message.headers = headers;
    return reader_.read(paths({}, source), message);
  }
  static KeyHash of(std::string_view text) { return key_hash(text, seed); }

  KeyAndCostReader reader_{seed};
};

TEST_F(KeyAndCostTest, AScalarGoesByItsText) {
  EXPECT_EQ(key("/phone", R"({"x": [1, {"phone": 2}], "phone": "+49 1"})"), of("+49 1"));
  EXPECT_EQ(key("/phone", R"({"phone": "caf\u00e9"})"), of("caf\xc3\xa9"));
  EXPECT_EQ(key("/n", R"({"n": 4912345678901234567890123, "x": 1})"), of("4912345678901234567890123"));
  EXPECT_EQ(key("/n", R"({"n" : 1.50 })"), of("1.50"));
  EXPECT_EQ(key("/b", R"({"b": true})"), of("true"));
  EXPECT_EQ(key("", R"( "whole" )"), of("whole"));
  EXPECT_EQ(key("", "17 "), of("17"));
}

TEST_F(KeyAndCostTest, PointersAreThoseOfRfc6901) {
  constexpr std::string_view body = R"({"a/b": {"m~n": [[0, "x"], "y"]}, "": "empty", "k\"l": "quoted", "01": "z"})";
  EXPECT_EQ(key("/a~1b/m~0n/0/1", body), of("x"));
  EXPECT_EQ(key("/a~1b/m~0n/1", body), of("y"));
  EXPECT_EQ(key("/", body), of("empty"));
  EXPECT_EQ(key("/k\"l", body), of("quoted"));
  EXPECT_EQ(key("/01", body), of("z"));
  for (const char* nowhere : {"/a~1b/m~0n/2", "/a~1b/m~0n/00", "/a~1b/m~0n/-", "/a~1b/m~0n/-1", "/a~1b/m~0n/x",
                              "/nosuch", "/01/0", "/a~1b/m~0n/99999999999999999999999"}) {
    EXPECT_EQ(key(nowhere, body), 0u) << nowhere;
  }
}

TEST_F(KeyAndCostTest, WhatIsNoScalarIsNoKeyAndNoError) {
  for (const char* body : {R"({"k": null})", R"({"k": {}})", R"({"k": []})", R"({"k": ""})", "{}", "[]", "17", "", " ",
                           "not json", R"({"k": "x")", R"({"k": "x"} tail)", R"({"k": "x", })", "{\"k\": \"\xff\"}",
                           R"({"k": 01})", R"({"k": tru})"}) {
    EXPECT_EQ(key("/k", body), 0u) << body;
  }
  const std::string deep = std::string(100'000, '[');
  EXPECT_EQ(key("/0/0", deep), 0u);
  EXPECT_EQ(key("/k", R"({"k": "still reads"})"), of("still reads"));
}

TEST_F(KeyAndCostTest, TheProducersKeyWins) {
  NewMessage message;
  message.body = R"({"phone": "1"})";
  message.key = "2";
  EXPECT_EQ(reader_.read(paths(json("/phone")), message).key, of("2"));
  EXPECT_EQ(reader_.read(paths({}), message).key, of("2")) << "with no source as well";
  message.key = {};
  EXPECT_EQ(reader_.read(paths({}), message).key, 0u);
}

TEST_F(KeyAndCostTest, HeadersAreFoundInAnyCaseAndTheFirstCounts) {
  const Headers headers = {{"Host", "h"}, {"x-tenant", "acme"}, {"X-Tenant", "other"}, {"X-Empty", ""}};
  const Headers forward = {{"X-Tenant", "forwarded"}, {"X-Only", "only"}};
  NewMessage message;
  message.headers = headers;
  message.forward = forward;
  const auto read = [&](const char* name) { return reader_.read(paths(header(name)), message).key; };
  EXPECT_EQ(read("X-TENANT"), of("acme"));
  EXPECT_EQ(read("X-Only"), of("only"));
  EXPECT_EQ(read("X-Empty"), 0u);
  EXPECT_EQ(read("X-None"), 0u);
  message.headers = {};
  EXPECT_EQ(read("X-Tenant"), of("forwarded"));
}

TEST_F(KeyAndCostTest, ACostIsAWholeNumberFromOne) {
  EXPECT_EQ(cost(json("/s"), R"({"s": 3})").cost, 3u);
  EXPECT_EQ(cost(json("/s"), R"({"s": "12"})").cost, 12u);
  EXPECT_EQ(cost(header("X-Segments"), "", {{"X-Segments", "4"}}).cost, 4u);
  EXPECT_EQ(cost(json("/s"), R"({"s": 4294967296})").cost, std::numeric_limits<uint32_t>::max());
  EXPECT_FALSE(cost(json("/s"), R"({"s": 3})").cost_missed);
  for (const char* body : {R"({"s": 0})", R"({"s": -1})", R"({"s": 1.5})", R"({"s": 1e2})", R"({"s": "x"})",
                           R"({"s": true})", R"({"s": null})", "{}", "", "not json"}) {
    EXPECT_EQ(cost(json("/s"), body).cost, 1u) << body;
    EXPECT_TRUE(cost(json("/s"), body).cost_missed) << body;
  }
  EXPECT_FALSE(cost({}, "{}").cost_missed) << "nothing is looked for";
}

TEST_F(KeyAndCostTest, OneBodyGivesBoth) {
  NewMessage message;
  message.body = R"({"segments": 2, "phone": "1"})";
  const auto both = paths(json("/phone"), json("/segments"));
  for (int i = 0; i < 3; ++i) {
    const KeyAndCost found = reader_.read(both, message);
    EXPECT_EQ(found.key, of("1"));
    EXPECT_EQ(found.cost, 2u);
  }
  message.body = "{}";
  EXPECT_EQ(reader_.read(both, message).key, 0u) << "nothing stays of the one before";
}

TEST(KeyHash, DependsOnTheStoreAndIsNeverTheOneOfNoKey) {
  const std::array<uint8_t, 16> one{1}, other{2};
  EXPECT_NE(key_hash("acme", key_seed(one)), key_hash("acme", key_seed(other)));
  EXPECT_EQ(key_hash("acme", key_seed(one)), key_hash("acme", key_seed(one)));
  EXPECT_EQ(key_hash("", key_seed(one)), 0u);
  EXPECT_NE(key_hash("x", 0), 0u);
}

// Bodies of any bytes behind the end of a view: nothing is read that is not the body's.
RC_GTEST_PROP(KeyAndCost, AnyBytesAreNoError, (const std::string& bytes)) {
  KeyAndCostReader reader(seed);
  NewMessage message;
  message.body = bytes;
  const KeyAndCost found = reader.read(paths(json("/0"), json("/a/b")), message);
  RC_ASSERT(found.cost >= 1u);
}

}  // namespace
}  // namespace forebay
