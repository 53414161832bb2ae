#include "relay/cli/send_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace forebay {
namespace {

std::string rendered(const std::string& text, uint64_t n) {
  std::string out;
  SendTemplate(text).render(n, out);
  return out;
}

TEST(SendTemplate, FillsItsPlacesAndLeavesOtherBraces) {
  EXPECT_EQ(rendered("n={n};", 7), "n=7;");
  EXPECT_EQ(rendered("{\"n\":{n},\"x\":{}}", 12), "{\"n\":12,\"x\":{}}");
  EXPECT_EQ(rendered("{n}{n}", 3), "33");
  EXPECT_EQ(rendered("{unknown} {", 3), "{unknown} {");
  EXPECT_EQ(rendered("", 3), "");
}

TEST(SendTemplate, PhonesAndRandomsDifferForEachNumber) {
  std::set<std::string> phones, randoms;
  for (uint64_t n = 1; n <= 10'000; ++n) {
    phones.insert(rendered("{phone}", n));
    randoms.insert(rendered("{rand}", n));
  }
  EXPECT_EQ(phones.size(), 10'000u);
  EXPECT_EQ(randoms.size(), 10'000u);
  EXPECT_EQ(phones.begin()->size(), 11u);
  EXPECT_EQ(randoms.begin()->size(), 16u);
  EXPECT_EQ(rendered("{rand}", 5), rendered("{rand}", 5));
}

TEST(SendTemplate, InJsonItReadsBackAsTheSameText) {
  const std::string text = "a \"quoted\" \\ line\nand\ttab \x01 {n}";
  std::string inside;
  SendTemplate(text).render_in_json(9, inside);
  EXPECT_EQ(nlohmann::json::parse("\"" + inside + "\"").get<std::string>(), rendered(text, 9));
}

}  // namespace
}  // namespace forebay
