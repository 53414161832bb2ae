#include "relay/run_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

namespace forebay {
namespace {

RC_GTEST_PROP(RunQueueProperty, behaves_as_a_deque, (const std::vector<std::pair<uint8_t, uint8_t>>& steps)) {
  RunQueue queue;
  std::deque<Sequence> oracle;
  Sequence next = 1;
  for (const auto& [pops, gap] : steps) {
    next += gap % 3 == 0 ? gap : 0;  // two in three continue the run
    queue.push(next);
    oracle.push_back(next++);
    for (int i = 0; i < pops % 3 && !oracle.empty(); ++i) {
      RC_ASSERT(queue.front() == oracle.front());
      queue.pop();
      oracle.pop_front();
    }
    RC_ASSERT(queue.size() == oracle.size());
    RC_ASSERT(queue.empty() == oracle.empty());
  }
  std::vector<Sequence> by_runs;
  queue.scan_runs([&](Sequence first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) by_runs.push_back(first + i);
    return true;
  });
  RC_ASSERT(std::equal(by_runs.begin(), by_runs.end(), oracle.begin(), oracle.end()));
  std::deque<Sequence> scanned;
  queue.scan([&](Sequence sequence) { return scanned.push_back(sequence), true; });
  RC_ASSERT(scanned == oracle);
}

RC_GTEST_PROP(RunQueueProperty, a_run_is_as_its_sequences_one_by_one,
              (const std::vector<std::pair<uint16_t, uint8_t>>& runs)) {
  RunQueue at_once, one_by_one;
  Sequence next = 1;
  for (const auto& [length, gap] : runs) {
    const uint64_t count = 1 + 3ull * length;
    next += gap % 3;
    at_once.push_run(next, count);
    for (uint64_t i = 0; i < count; ++i) one_by_one.push(next + i);
    next += count;
  }
  RC_ASSERT(at_once.size() == one_by_one.size());
  for (; !one_by_one.empty(); one_by_one.pop(), at_once.pop()) RC_ASSERT(at_once.front() == one_by_one.front());
  RC_ASSERT(at_once.empty());
}

TEST(RunQueue, runs_longer_than_their_counter_are_split) {
  RunQueue queue;
  for (Sequence s = 1; s <= 200'000; ++s) queue.push(s);
  for (Sequence s = 1; s <= 200'000; ++s) {
    ASSERT_EQ(queue.front(), s);
    queue.pop();
  }
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace forebay
