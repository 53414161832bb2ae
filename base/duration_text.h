// Durations as people write them: exactly one number and one unit, `5ms 30s 10m 24h 7d`, decimals allowed
// (`1.5s`). No sign, no space, no sum (`1h30m`), no bare number: what a reader could take in two ways is refused.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace forebay {

// false: not a duration, finer than nine decimals, or longer than 292 years; *out is untouched then.
// What is finer than a nanosecond is cut off.
bool parse_duration(std::string_view text, Duration* out);

// The shortest exact text in the largest unit that divides it: 90 s is "90s", 2 min "2m", 0 "0s".
// parse_duration(format_duration(d)) == d for every d >= 0.
std::string format_duration(Duration duration);

}  // namespace forebay
