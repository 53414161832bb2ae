// What a config says that is allowed and probably not meant. `forebay check` prints these; they stop nothing.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace forebay {

std::vector<std::string> config_warnings(const Config& config);

}  // namespace forebay
