// A message's body as one JSON value in one line.
#include "sinks/body_value.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace forebay {
namespace {

std::string value(std::string_view content_type, std::string_view body) {
  std::string out;
  append_body_value(content_type, body, &out);
  EXPECT_EQ(out.find_first_of("\r\n"), out.npos) << out;
  EXPECT_FALSE(nlohmann::json::parse(out, nullptr, false).is_discarded()) << out;
  return out;
}

TEST(BodyValue, JsonIsAsItIsWritten) {
  EXPECT_EQ(value("application/json", "{\"b\": 1.10, \"a\": 2}"), "{\"b\": 1.10, \"a\": 2}");
  EXPECT_EQ(value("application/cloudevents+json; charset=utf-8", "12345678901234567890123"), "12345678901234567890123");
  EXPECT_EQ(value("", "[1]"), "[1]");
  EXPECT_EQ(value("application/octet-stream", " {}"), " {}");
}

TEST(BodyValue, LineEndsBetweenPartsGo) {
  EXPECT_EQ(value("application/json", "{\n  \"a\": \"x\\ny\",\r\n  \"b\": [1,\n2]\n}\n"),
            "{\"a\":\"x\\ny\",\"b\":[1,2]}");
}

TEST(BodyValue, TextIsAString) {
  EXPECT_EQ(value("text/plain", "{\"a\": 1}"), R"("{\"a\": 1}")");
  EXPECT_EQ(value("", "a\"b\\c\n\r\t\x01\x7f"), R"("a\"b\\c\n\r\t\u0001\u007f")");
  EXPECT_EQ(value("", "gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
  EXPECT_EQ(value("", ""), "\"\"");
  EXPECT_EQ(value("", "17"), "\"17\"");
}

TEST(BodyValue, WhatOnlyClaimsToBeJsonIsAString) {
  EXPECT_EQ(value("application/json", "{\"a\": "), R"("{\"a\": ")");
  EXPECT_EQ(value("application/json", "{} {}"), "\"{} {}\"");
  EXPECT_EQ(value("application/json", "{}\n{}"), "\"{}\\n{}\"");
  EXPECT_EQ(value("", "[1,]"), "\"[1,]\"");
}

TEST(BodyValue, BytesAreBase64) {
  EXPECT_EQ(value("application/json", "\"\xff\""), R"({"body_base64":"Iv8i"})");
  EXPECT_EQ(value("", std::string_view("\x00\xfe", 2)), R"({"body_base64":"AP4="})");
}

TEST(BodyValue, HeadersThatAreNotUtf8AreReadAsLatin1) {
  std::string out;
  append_header_object({{"A", "\xfc"}, {"a", "again"}, {"B", "x\"y"}}, &out);
  EXPECT_EQ(out, "{\"A\":\"\xc3\xbc\",\"B\":\"x\\\"y\"}");
}

}  // namespace
}  // namespace forebay
