// What time it is, for what sinks write: the Date of a mail, the timestamp of a signature. Nothing is waited for by it.
#pragma once

#include <time.h>

#include "base/time.h"

namespace forebay {

inline WallTime wall_now() {
  timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return {at.tv_sec * 1'000'000'000 + at.tv_nsec};
}

}  // namespace forebay
