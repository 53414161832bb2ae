#include "relay/cli/plain_text.h"

#include <cstdint>

namespace forebay {
namespace {

// Bytes of the well-formed character at the front; 0: it is none.
size_t length_at(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first >= 0xf5 || text.size() < length) return 0;
  uint32_t code = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  return overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0 : length;
}

// C1 controls and those that change the direction of the text.
bool acts(std::string_view character) {
  if (character.size() == 1) return static_cast<uint8_t>(character[0]) < 0x20 || character[0] == 0x7f;
  if (character.size() == 2) return character[0] == '\xc2' && static_cast<uint8_t>(character[1]) < 0xa0;
  return character >= "\u202a" && character <= "\u202e" && character.size() == 3;
}

}  // namespace

std::string plain_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = length_at(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    if (length == 0) {
      out += '?';
    } else if (acts(character)) {
      out += ' ';
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (const char c : text) columns += (static_cast<uint8_t>(c) & 0xc0) != 0x80;
  return columns;
}

std::string cut_to(std::string_view text, size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t end = 0;
  for (size_t left = columns - 1; end < text.size(); ++end) {
    if ((static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) continue;
    if (left-- == 0) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace forebay
