#include "relay/short_slices.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

namespace forebay {
namespace {

// The first version of sched_setattr(2)'s struct.
struct Scheduling {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns, deadline_ns, period_ns;
};

Scheduling of_this_thread() {
  Scheduling scheduling{};
  EXPECT_EQ(syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0), 0);
  return scheduling;
}

TEST(ShortSlices, AreInheritedAndLeavePolicyAndNicenessAlone) {
  Scheduling before{}, after{}, of_child{};
  std::thread([&] {  // they are a thread's, not the process's
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), getpriority(PRIO_PROCESS, 0) + 3);
    before = of_this_thread();
    ask_for_short_slices();
    after = of_this_thread();
    std::thread([&] { of_child = of_this_thread(); }).join();
  })
      .join();
  EXPECT_EQ(after.policy, before.policy);
  EXPECT_EQ(after.nice, before.nice);
  const bool slices_are_chosen = before.policy == SCHED_OTHER && before.runtime_ns > 0;  // 0: before Linux 6.12
  EXPECT_EQ(after.runtime_ns, slices_are_chosen ? 100'000 : before.runtime_ns);
  EXPECT_EQ(of_child.runtime_ns, after.runtime_ns);
}

}  // namespace
}  // namespace forebay
