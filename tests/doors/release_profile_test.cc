// A batch's release by a profile: when each message is due, and what is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "doors/http/release_profile.h"

namespace forebay {
namespace {

std::vector<double> delays(const std::string& line, size_t count) {
  ReleaseProfile profile;
  EXPECT_EQ(profile.read(line), "");
  std::vector<NewMessage> messages(count);
  EXPECT_EQ(profile.apply(messages), "");
  std::vector<double> out;
  for (const NewMessage& message : messages) out.push_back(message.delay.value_or(Duration{}).as_seconds());
  return out;
}

TEST(ReleaseProfile, OnlyALineThatBeginsWithReleaseIsOne) {
  EXPECT_TRUE(ReleaseProfile::is_one("{\"release\": {}}"));
  EXPECT_TRUE(ReleaseProfile::is_one(" { \"release\":1}"));
  EXPECT_FALSE(ReleaseProfile::is_one("{\"body\": \"release\"}"));
  EXPECT_FALSE(ReleaseProfile::is_one("{\"released\": 1}"));
  EXPECT_FALSE(ReleaseProfile::is_one("{"));
  EXPECT_FALSE(ReleaseProfile::is_one(""));
}

TEST(ReleaseProfile, ASteadyRateAndAnEvenSpread) {
  EXPECT_EQ(delays(R"({"release":{"rate":"10/s"}})", 3), (std::vector<double>{0, 0.1, 0.2}));
  EXPECT_EQ(delays(R"({"release":{"from":"5s","rate":"60/1m"}})", 3), (std::vector<double>{5, 6, 7}));
  EXPECT_EQ(delays(R"({"release":{"to":"8s"}})", 4), (std::vector<double>{0, 2, 4, 6}));
  EXPECT_EQ(delays(R"({"release":{"from":"2s","to":"10s"}})", 4), (std::vector<double>{2, 4, 6, 8}));
}

// n(t) = r0 t + (r1 - r0) t² / 2T, up and down.
TEST(ReleaseProfile, AClimbReleasesByItsIntegral) {
  for (const auto& [rates, r0, r1] : {std::tuple("100/s→2000/s", 100.0, 2000.0), std::tuple("2000/s->0/s", 2000.0, 0.0),
                                      std::tuple("0/s -> 500/s", 0.0, 500.0)}) {
    const double lasts = 60;
    const auto most = static_cast<size_t>((r0 + r1) / 2 * lasts);
    const auto due = delays(std::string("{\"release\":{\"to\":\"60s\",\"rate\":\"") + rates + "\"}}", most);
    for (size_t k = 0; k < most; ++k) {
      const double n = r0 * due[k] + (r1 - r0) * due[k] * due[k] / (2 * lasts);
      ASSERT_NEAR(n, static_cast<double>(k), 0.001) << rates;
      ASSERT_LE(due[k], lasts);
      if (k > 0) ASSERT_GE(due[k], due[k - 1]);
    }
  }
}

TEST(ReleaseProfile, TimesOfTheWallStay) {
  ReleaseProfile profile;
  ASSERT_EQ(profile.read(R"({"release":{"from":"2030-01-01T00:00:00Z","to":"2030-01-01T00:00:10Z"}})"), "");
  std::vector<NewMessage> messages(2);
  ASSERT_EQ(profile.apply(messages), "");
  EXPECT_EQ(messages[1].not_before->ms() - messages[0].not_before->ms(), 5000);
  EXPECT_FALSE(messages[0].delay);
}

struct Bad {
  const char* line;
  const char* said;
};

TEST(ReleaseProfile, BadOnesAreRefusedByName) {
  for (const Bad& bad : {
           Bad{R"({"release":)", "not JSON"},
           Bad{R"({"release":{}})", "needs \"to\" or \"rate\""},
           Bad{R"({"release":7})", "must be an object"},
           Bad{R"({"release":{"to":"1s"},"body":1})", "a line of its own"},
           Bad{R"({"release":{"until":"1s"}})", "has no \"until\""},
           Bad{R"({"release":{"to":1}})", "must be a string"},
           Bad{R"({"release":{"to":"soon"}})", "\"to\" of a release must be"},
           Bad{R"({"release":{"from":"soon","to":"1s"}})", "\"from\" of a release must be"},
           Bad{R"({"release":{"from":"2s","to":"1s"}})", "after \"from\""},
           Bad{R"({"release":{"from":"2030-01-01T00:00:00Z","to":"1s"}})", "both be times"},
           Bad{R"({"release":{"rate":"1/s→2/s"}})", "needs \"to\""},
           Bad{R"({"release":{"rate":"fast"}})", "must be like 500/s"},
           Bad{R"({"release":{"rate":"1/s→2"}})", "must be like 500/s"},
           Bad{R"({"release":{"rate":"-1/s"}})", "must be like 500/s"},
           Bad{R"({"release":{"rate":"1/0s"}})", "must be like 500/s"},
           Bad{R"({"release":{"rate":"2000000/s"}})", "must be like 500/s"},
           Bad{R"({"release":{"rate":"0/s"}})", "above 0"},
       }) {
    ReleaseProfile profile;
    EXPECT_NE(profile.read(bad.line).find(bad.said), std::string::npos) << bad.line << ": " << profile.read(bad.line);
  }
}

TEST(ReleaseProfile, MoreThanItLetsGoOrATimeOfItsOwnIsRefused) {
  ReleaseProfile profile;
  ASSERT_EQ(profile.read(R"({"release":{"to":"10s","rate":"10/s"}})"), "");
  std::vector<NewMessage> messages(102);
  EXPECT_NE(profile.apply(messages).find("has 102 messages, and its release lets 100 go"), std::string::npos);
  messages.resize(2);
  messages[1].delay = Duration::seconds(1);
  messages[1].line = 3;
  EXPECT_NE(profile.apply(messages).find("line 3"), std::string::npos);
}

}  // namespace
}  // namespace forebay
