#include "relay/thread_worker.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace forebay {
namespace {

TEST(ThreadWorker, RunsEverythingPostedInOrderBeforeItEnds) {
  std::vector<int> ran;
  {
    ThreadWorker worker("test");
    for (int i = 0; i < 1000; ++i) worker.post([&ran, i] { ran.push_back(i); });
  }
  ASSERT_EQ(ran.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
}

TEST(ThreadWorker, RunsWhatItsTasksPost) {
  int depth = 0;
  std::function<void(ThreadWorker&)> again = [&](ThreadWorker& worker) {
    if (++depth < 50) worker.post([&] { again(worker); });
  };
  {
    ThreadWorker worker("test");
    worker.post([&] { again(worker); });
  }
  EXPECT_EQ(depth, 50);
}

TEST(ThreadWorker, TakesTasksFromManyThreadsOneAtATime) {
  int ran = 0;  // unguarded on purpose: one task at a time, and the join orders the rest
  {
    ThreadWorker worker("a name longer than fifteen characters");
    std::vector<std::thread> posters;
    for (int p = 0; p < 4; ++p) {
      posters.emplace_back([&] {
        for (int i = 0; i < 250; ++i) worker.post([&ran] { ++ran; });
      });
    }
    for (auto& poster : posters) poster.join();
  }
  EXPECT_EQ(ran, 1000);
}

TEST(ThreadWorker, RunsOnAnotherThread) {
  std::thread::id id;
  { ThreadWorker("test").post([&] { id = std::this_thread::get_id(); }); }
  EXPECT_NE(id, std::thread::id());
  EXPECT_NE(id, std::this_thread::get_id());
}

}  // namespace
}  // namespace forebay
