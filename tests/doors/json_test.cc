// JSON that is written and JSON that is checked, against a library that reads it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json_check.h"
#include "doors/json_text.h"

namespace forebay::testing {
namespace {

RC_GTEST_PROP(JsonText, AnyBytesBecomeValidJson, (const std::string& bytes)) {
  std::string text;
  append_json_string(&text, bytes);
  const auto read = nlohmann::json::parse(text, nullptr, false);
  RC_ASSERT(read.is_string());
  const bool is_ascii = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= 0; });
  if (is_ascii) RC_ASSERT(read.get<std::string>() == bytes);
}

TEST(JsonText, KeepsUtf8AndReplacesTheRest) {
  const std::pair<const char*, const char*> cases[] = {
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"a\xff"
       "b",
       "\"a\xef\xbf\xbd"
       "b\""},
      {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\x01\"\\\n", "\"\\u0001\\\"\\\\\\n\""}};
  for (const auto& [bytes, expected] : cases) {
    std::string text;
    append_json_string(&text, bytes);
    EXPECT_EQ(text, expected);
  }
}

// Made of the pieces JSON is made of, so that about as many are valid as are not.
rc::Gen<std::string> almost_json() {
  const auto piece = rc::gen::element<std::string>("{", "}", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "\"\\x\"", "1",
                                                   "-", "0", ".5", "e3", "true", "null", "fals", " ", "\t", "\"");
  return rc::gen::map(rc::gen::resize(6, rc::gen::container<std::vector<std::string>>(piece)),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const std::string& one : pieces) text += one;
                        return text;
                      });
}

RC_GTEST_PROP(JsonCheck, AgreesWithAReader, ()) {
  const std::string text = *almost_json();
  RC_ASSERT(json_flaw(text).empty() == nlohmann::json::accept(text));
}

TEST(JsonCheck, AcceptsWhatAReaderWouldChangeOrRefuse) {
  EXPECT_EQ(json_flaw("123456789012345678901234567890"), "");
  EXPECT_EQ(json_flaw("[1e999999, -0, 1.0000000000000000000000000001]"), "");
  EXPECT_EQ(json_flaw("{\"a\":{},\"a\":[[],{}]}"), "");
}

TEST(JsonCheck, BoundsNesting) {
  EXPECT_EQ(json_flaw(std::string(256, '[') + std::string(256, ']')), "");
  EXPECT_NE(json_flaw(std::string(257, '[') + std::string(257, ']')), "");
  EXPECT_NE(json_flaw(std::string(256, '[')), "");
}

}  // namespace
}  // namespace forebay::testing
