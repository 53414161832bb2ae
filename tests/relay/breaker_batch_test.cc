// A batch is one request: its failure counts once, whatever number of messages is told of it.
#include <gtest/gtest.h>

#include "relay/breaker.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

constexpr Now at{Instant{} + Duration::seconds(100), {}};

// As a sink that batches tells it: the request's own outcome last.
void end_batch(Breaker* breaker, int messages, Kind kind) {
  for (int left = messages; left > 0; --left) {
    const bool probe = breaker->sent();
    Outcome outcome;
    outcome.kind = kind;
    outcome.of_same_request = left > 1;
    breaker->ended(outcome, probe, kind == Kind::dead, at.steady, at);
  }
}

TEST(BreakerOfBatches, CountsRequestsThatFail) {
  BreakerConfig config;
  config.failures = 3;
  Breaker breaker(config, 0);
  end_batch(&breaker, 100, Kind::retry);
  end_batch(&breaker, 100, Kind::unanswered);
  EXPECT_FALSE(breaker.open());
  end_batch(&breaker, 100, Kind::delivered);
  end_batch(&breaker, 100, Kind::retry);
  end_batch(&breaker, 100, Kind::retry);
  EXPECT_FALSE(breaker.open());
  end_batch(&breaker, 1, Kind::retry);
  EXPECT_TRUE(breaker.open());
}

TEST(BreakerOfBatches, CountsMessagesThatDie) {
  BreakerConfig config;
  Breaker breaker(config, 20);
  end_batch(&breaker, 19, Kind::dead);
  EXPECT_FALSE(breaker.open());
  end_batch(&breaker, 2, Kind::dead);
  EXPECT_TRUE(breaker.open());
}

}  // namespace
}  // namespace forebay
