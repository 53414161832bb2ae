#include "relay/attempts.h"

#include <gtest/gtest.h>

#include <unordered_map>

#include "base/random.h"

namespace forebay {
namespace {

Attempt of(Sequence sequence) {
  Attempt attempt;
  attempt.sequence = sequence;
  return attempt;
}

TEST(Attempts, AreTakenByTheTicketThatWasGiven) {
  Attempts attempts;
  std::unordered_map<Ticket, Sequence> out;
  std::unordered_map<Ticket, Sequence> ever;
  Random random(7);
  for (Sequence sequence = 1; sequence <= 20'000; ++sequence) {
    const Ticket ticket = attempts.add(of(sequence));
    ASSERT_NE(ticket, 0u);
    ASSERT_TRUE(ever.emplace(ticket, sequence).second) << "a ticket was given twice";
    out.emplace(ticket, sequence);
    while (out.size() > 50 || (!out.empty() && random.below(3) == 0)) {
      const auto any = out.begin();
      ASSERT_EQ(attempts.take(any->first).sequence, any->second);
      out.erase(any);
    }
  }
}

TEST(AttemptsDeath, ATicketIsGoodOnce) {
  Attempts attempts;
  const Ticket first = attempts.add(of(1));
  attempts.take(first);
  attempts.add(of(2));  // in the same place
  EXPECT_DEATH(attempts.take(first), "ticket");
  EXPECT_DEATH(attempts.take(0), "place");
}

}  // namespace
}  // namespace forebay
