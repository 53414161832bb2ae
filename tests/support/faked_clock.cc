#include "tests/support/faked_clock.h"

#include <cstdio>

namespace forebay::testing {

Process::Environment FakedClock::environment() const {
  return {{"LD_PRELOAD", FOREBAY_FAKETIME},
          {"FAKETIME_TIMESTAMP_FILE", place_.path() + "/offset"},
          {"FAKETIME_NO_CACHE", "1"},
          {"DONT_FAKE_MONOTONIC", "1"}};
}

// Renamed into place: whoever reads sees the old offset or the new one, never half of it.
void FakedClock::step(std::chrono::seconds by) {
  offset_ += by;
  const std::string sign = offset_.count() < 0 ? "" : "+";
  const std::string written = place_.write("offset.new", sign + std::to_string(offset_.count()) + "\n");
  std::rename(written.c_str(), (place_.path() + "/offset").c_str());
}

}  // namespace forebay::testing
