// The real clock: CLOCK_BOOTTIME to wait with (it goes on while the machine sleeps, as the downstream's does) and
// CLOCK_REALTIME to stamp with.
#pragma once

#include <ctime>

#include "base/clock.h"

namespace forebay {

class SystemClock : public Clock {
 public:
  Now now() override { return {{read(CLOCK_BOOTTIME)}, {read(CLOCK_REALTIME)}}; }

 private:
  static int64_t read(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  }
};

}  // namespace forebay
