// Percent-encoding in a path that the server has let through: every '%' is followed by two hex digits.
#pragma once

#include <string>
#include <string_view>

#include "doors/http_chars.h"

namespace forebay {

inline std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace forebay
