// FakedClock: the wall clock of a real process, stepped at any moment of its life by libfaketime. Its steady
// clocks are the machine's own.
#pragma once

#include <chrono>
#include <string>

#include "tests/support/process.h"

namespace forebay::testing {

class FakedClock {
 public:
  FakedClock() { step({}); }
  // What the process must be started with.
  Process::Environment environment() const;
  // Forward or back, on top of all steps before; holds from the process' next look at the clock on.
  void step(std::chrono::seconds by);
  // What the process sees: since 1970.
  std::chrono::nanoseconds now() const { return std::chrono::system_clock::now().time_since_epoch() + offset_; }

 private:
  TempDir place_;
  std::chrono::seconds offset_{};
};

}  // namespace forebay::testing
