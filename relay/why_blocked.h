// WhyBlocked: the one thing that something waits for: a kind of MessageStatus::waiting_on, its name, and until when.
#pragma once

#include <string>

#include "base/time.h"

namespace forebay {

struct WhyBlocked {
  const char* kind = nullptr;  // nullptr: nothing blocks it
  std::string name;
  Instant until = Instant::never();  // never(): nobody knows
  explicit operator bool() const { return kind != nullptr; }
};

}  // namespace forebay
