// Whether a text is one JSON value (RFC 8259), whatever it means: numbers of any size, nesting up to 256.
//
// It exists because a body goes out as it was written: a reader that turns numbers into doubles would refuse
// or change what is none of our business. UTF-8 is the caller's to have checked.
#pragma once

#include <string_view>

namespace forebay {

// "" or what is wrong, as a constant text.
std::string_view json_flaw(std::string_view text);

}  // namespace forebay
