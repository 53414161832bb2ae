// The seam through which a shell reads time. Core code never sees it: it is handed a Now.
// steady_now() never goes back and is not moved by steps of the wall clock (CLOCK_BOOTTIME on Linux).
#pragma once

#include "base/time.h"

namespace forebay {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() = 0;
};

}  // namespace forebay
