// The name a limit has unless the config gives it one: "300/1s", "100/1m", "300/1s burst 50",
// "1000000/day".
#pragma once

#include <string>

#include "config/config.h"

namespace forebay {

std::string canonical_name(const LimitConfig& config);

// `config.name` if there is one.
std::string limit_name(const LimitConfig& config);

}  // namespace forebay
