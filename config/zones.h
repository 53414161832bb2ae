// Time zones by their IANA names, as the system's zone files have them (the package tzdata).
#pragma once

#include <string>
#include <string_view>

namespace forebay {

// UTC is always there.
bool is_zone(std::string_view name);

// The name that may have been meant; empty: none is near.
std::string nearest_zone(std::string_view written);

}  // namespace forebay
