// A sink that batches has no return margin: how long a message waits for others says nothing about the way.
#include <gtest/gtest.h>

#include "limiter/limit_set.h"

namespace forebay {
namespace {

constexpr Now start{Instant{} + Duration::hours(1), WallTime::from_ms(1'767'225'600'000)};

Now after(Duration wait) {
  return {start.steady + wait, start.wall + wait};
}

SinkConfig ten_a_second(uint32_t batch) {
  LimitConfig limit;
  limit.count = 10;
  limit.per = Duration::seconds(1);
  SinkConfig sink;
  sink.limits = {limit};
  sink.pace_off = true;
  sink.batch.max = batch;
  return sink;
}

// How long after a burst of ten the next send may leave, when round trips have long been 300 ms.
Duration wait_for_the_eleventh(const SinkConfig& sink) {
  LimitSet limits(sink, start);
  Duration at, left;
  for (int round = 0; round < 20; ++round) {
    at = limits.next(after(at), 1) - start.steady;
    left = at;
    for (int i = 0; i < 10; ++i) limits.take(after(left), 1);
    at = left + Duration::milliseconds(300);
    for (int i = 0; i < 10; ++i) limits.settle({after(left).steady, 1}, after(at), SettledAs::ok);
  }
  return limits.next(after(at), 1) - start.steady - left;
}

TEST(BatchMargin, IsNone) {
  EXPECT_GE(wait_for_the_eleventh(ten_a_second(2)), Duration::milliseconds(1300));
  EXPECT_LT(wait_for_the_eleventh(ten_a_second(1)), Duration::milliseconds(1100)) << "the case was not met";
}

TEST(BatchMargin, IsNoneForAQueuesOwnLimitsEither) {
  QueueConfig queue;
  queue.limits = ten_a_second(1).limits;
  EXPECT_TRUE(limit_set_config(queue, ten_a_second(2)).limits[0].strict);
  EXPECT_FALSE(limit_set_config(queue, ten_a_second(1)).limits[0].strict);
}

}  // namespace
}  // namespace forebay
