// The clocks, for the commands that show times.
#pragma once

#include <chrono>

#include "base/time.h"

namespace forebay {

inline WallTime wall_now() {
  using namespace std::chrono;
  return {duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count()};
}

inline Instant steady_now() {
  using namespace std::chrono;
  return {duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count()};
}

}  // namespace forebay
