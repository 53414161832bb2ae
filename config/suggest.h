// What a person may have meant: the name nearest to what was written.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace forebay {

// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. Upper and
// lower case, and `-` and `_`, count as equal.
size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `names` (the first of equals), if at most a third of what was written is wrong (two letters
// are always forgiven in words of four and more); else empty.
std::string nearest_name(std::string_view written, std::span<const std::string> names);

}  // namespace forebay
