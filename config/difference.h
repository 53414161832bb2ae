// What a reloaded config changes, in words for people: what is applied at once, and what waits for a restart.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace forebay {

struct Difference {
  std::vector<std::string> applied, needs_restart;
};
Difference difference(const Config& before, const Config& after);

}  // namespace forebay
