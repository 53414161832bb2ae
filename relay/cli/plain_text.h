// What came from elsewhere, made fit for a terminal: nothing in it moves the cursor, changes colours or rings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace forebay {

// Control characters become spaces, what is not UTF-8 becomes '?'.
std::string plain_text(std::string_view text);
// Columns of such a text: a character each.
size_t columns_of(std::string_view text);
// Its first characters, "…" at the end where there are more than `columns`.
std::string cut_to(std::string_view text, size_t columns);

}  // namespace forebay
