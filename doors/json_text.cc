#include "doors/json_text.h"

#include <charconv>

namespace forebay {
namespace {

// Length of the UTF-8 sequence at the front of `text` (which starts with a byte >= 0x80), 0 where it is none.
size_t utf8_length(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  const unsigned lead = byte(0);
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string* out, char c) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      *out += '\\';
      *out += c;
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      *out += "\\u00";
      *out += digits[static_cast<unsigned char>(c) >> 4];
      *out += digits[c & 15];
  }
}

}  // namespace

void append_json_string(std::string* out, std::string_view text) {
  *out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    size_t length = 1;
    if (c < 0x20 || c == '"' || c == '\\') {
      append_escaped(out, text.front());
    } else if (c < 0x80) {
      *out += text.front();
    } else if ((length = utf8_length(text)) > 0) {
      out->append(text.substr(0, length));
    } else {
      *out += "\xef\xbf\xbd";
      length = 1;
    }
    text.remove_prefix(length);
  }
  *out += '"';
}

void append_number(std::string* out, uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out->append(digits, static_cast<size_t>(end - digits));
}

}  // namespace forebay
