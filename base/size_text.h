// Sizes (`256KiB 50GiB`, bytes) and counts (`10M 5k`) as people write them: digits and at most one unit.
// Sizes go by 1024 (B KiB MiB GiB TiB), counts by 1000 (k M G). No sign, no space, no fraction; `MB` is
// refused, because half of its readers take it for MiB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forebay {

// false: not of that form, or above 2^63 - 1; *out is untouched then.
bool parse_size(std::string_view text, uint64_t* out);
bool parse_count(std::string_view text, uint64_t* out);

// The shortest exact text in the largest unit that divides it: 262144 is "256KiB", 10000000 is "10M".
// parse_x(format_x(n)) == n for every n below 2^63.
std::string format_size(uint64_t bytes);
std::string format_count(uint64_t count);

}  // namespace forebay
