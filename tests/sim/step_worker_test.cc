#include "sim/step_worker.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace forebay {
namespace {

TEST(StepWorker, RunsOneTaskAStepInOrder) {
  StepWorker worker;
  std::string ran;
  worker.post([&] { ran += 'a'; });
  worker.post([&] { ran += 'b'; });
  EXPECT_EQ(ran, "");
  EXPECT_TRUE(worker.step());
  EXPECT_EQ(ran, "a");
  EXPECT_TRUE(worker.step());
  EXPECT_FALSE(worker.step());
  EXPECT_EQ(ran, "ab");
}

TEST(StepWorker, RunAllIncludesWhatTasksPost) {
  StepWorker worker;
  int ran = 0;
  worker.post([&] {
    ++ran;
    worker.post([&] { ++ran; });
  });
  EXPECT_EQ(worker.run_all(), 2u);
  EXPECT_EQ(ran, 2);
}

TEST(StepWorker, DoesNotRunInsideItself) {
  StepWorker worker;
  bool second = false;
  worker.post([&] {
    EXPECT_FALSE(worker.step());
    EXPECT_FALSE(second);
  });
  worker.post([&] { second = true; });
  worker.run_all();
  EXPECT_TRUE(second);
}

TEST(StepWorker, ForgetsWhatADeadProcessPosted) {
  StepWorker worker;
  worker.post([] { FAIL(); });
  worker.forget_all();
  EXPECT_EQ(worker.waiting(), 0u);
  EXPECT_FALSE(worker.step());
}

std::string interleaving(uint64_t seed) {
  StepScheduler scheduler(seed);
  StepWorker& a = scheduler.add("a");
  StepWorker& b = scheduler.add("b");
  std::string ran;
  for (int i = 0; i < 4; ++i) {
    a.post([&] { ran += 'a'; });
    b.post([&] { ran += 'b'; });
  }
  EXPECT_EQ(scheduler.run_all(), 8u);
  return ran;
}

TEST(StepScheduler, InterleavesBySeed) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(interleaving(seed), interleaving(seed));
    orders.insert(interleaving(seed));
  }
  EXPECT_GT(orders.size(), 20u);
}

}  // namespace
}  // namespace forebay
