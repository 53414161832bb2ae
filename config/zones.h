// Names of time zones, to guess from: base/zone.h finds them.
#pragma once

#include <string>
#include <string_view>

namespace forebay {

// The IANA name that may have been meant ("Shanghai", "Asia/Shangai"); empty: none is near.
std::string nearest_zone(std::string_view written);

}  // namespace forebay
