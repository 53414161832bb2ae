#include "backlog/dead_letters.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace forebay {
namespace {

std::map<Sequence, std::string> reasons_of(const DeadLetters& letters) {
  std::map<Sequence, std::string> reasons;
  letters.for_each([&](const DeadLetter& letter) {
    EXPECT_TRUE(reasons.empty() || reasons.rbegin()->first < letter.sequence) << "rising";
    reasons[letter.sequence] = letter.reason;
  });
  EXPECT_EQ(letters.size(), reasons.size());
  return reasons;
}

TEST(DeadLetters, ACopyStaysAsItWasWhateverBecomesOfTheOriginal) {
  std::mt19937_64 random(3);
  DeadLetters letters;
  std::map<Sequence, std::string> oracle;
  std::vector<std::pair<DeadLetters, std::map<Sequence, std::string>>> pictures;
  for (int step = 0; step < 5'000; ++step) {
    if (step % 500 == 0) pictures.emplace_back(letters, oracle);
    const Sequence sequence = 1 + random() % 3'000;
    if (random() % 3 == 0) {
      ASSERT_EQ(letters.erase(sequence), oracle.erase(sequence) == 1);
    } else {
      const std::string reason = "http " + std::to_string(step);
      letters.put({.sequence = sequence, .reason = reason});
      oracle[sequence] = reason;
    }
    const auto known = oracle.find(sequence);
    const DeadLetter* found = letters.find(sequence);
    ASSERT_EQ(found != nullptr, known != oracle.end());
    if (found) {
      ASSERT_EQ(found->reason, known->second);
    }
  }
  EXPECT_EQ(reasons_of(letters), oracle);
  for (const auto& [picture, then] : pictures) EXPECT_EQ(reasons_of(picture), then);
}

}  // namespace
}  // namespace forebay
