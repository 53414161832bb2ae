// SpareDescriptors: a few descriptors held open on nothing, given up when the process has run out of them.
// Threads: every call may come from any thread. The spares are shared by all files of one directory.
#pragma once

#include <array>
#include <functional>
#include <mutex>

namespace forebay {

class SpareDescriptors {
 public:
  SpareDescriptors();
  ~SpareDescriptors();
  SpareDescriptors(const SpareDescriptors&) = delete;
  SpareDescriptors& operator=(const SpareDescriptors&) = delete;

  // Calls `attempt` (a descriptor, or -1 with errno set); when that fails for want of descriptors, gives up a
  // spare and calls again. The last descriptor, or -1 with errno as the last attempt left it.
  int open(const std::function<int()>& attempt);
  // Takes back what was given up, as far as the process has descriptors again.
  void refill();

 private:
  void refill_locked();

  std::mutex mutex_;
  std::array<int, 2> spares_{-1, -1};
};

}  // namespace forebay
