// Appending JSON text to a string, for answers that are written by hand because they are written often.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forebay {

// With its quotes. Bytes that are not UTF-8 become U+FFFD, so that the text is valid JSON whatever comes in.
void append_json_string(std::string* out, std::string_view text);

void append_number(std::string* out, uint64_t number);

}  // namespace forebay
