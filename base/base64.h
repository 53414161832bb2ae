// Base64 (RFC 4648 section 4), strictly: standard alphabet, padded, no space, unused bits zero.
#pragma once

#include <string>
#include <string_view>

namespace forebay {

// Appends the bytes to *out; false: not base64 (what was appended then means nothing).
bool append_base64_decoded(std::string_view text, std::string* out);

void append_base64(std::string_view bytes, std::string* out);
std::string base64(std::string_view bytes);

}  // namespace forebay
