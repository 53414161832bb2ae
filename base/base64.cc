#include "base/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace forebay {
namespace {

constexpr uint32_t invalid = 64;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  for (auto& value : values) value = invalid;
  for (size_t i = 0; i < alphabet.size(); ++i) values[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  return values;
}

constexpr std::array<uint8_t, 256> values = make_values();

uint32_t value_of(char c) {
  return values[static_cast<uint8_t>(c)];
}

void append_bytes(uint32_t bits24, size_t count, std::string* out) {
  for (size_t i = 0; i < count; ++i) out->push_back(static_cast<char>(bits24 >> (16 - 8 * i)));
}

// The last group, which alone may be padded.
bool append_last(std::string_view group, std::string* out) {
  const size_t padding = group[3] != '=' ? 0 : group[2] != '=' ? 1 : 2;
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t value = i < 4 - padding ? value_of(group[i]) : 0;
    if (value == invalid) return false;
    bits = (bits << 6) | value;
  }
  const uint32_t unused = padding == 0 ? 0 : padding == 1 ? 0xff : 0xffff;
  if ((bits & unused) != 0) return false;
  append_bytes(bits, 3 - padding, out);
  return true;
}

}  // namespace

bool append_base64_decoded(std::string_view text, std::string* out) {
  if (text.empty()) return true;
  if (text.size() % 4 != 0) return false;
  for (; text.size() > 4; text.remove_prefix(4)) {
    const uint32_t a = value_of(text[0]), b = value_of(text[1]), c = value_of(text[2]), d = value_of(text[3]);
    if ((a | b | c | d) >= invalid) return false;
    append_bytes(a << 18 | b << 12 | c << 6 | d, 3, out);
  }
  return append_last(text, out);
}

void append_base64(std::string_view bytes, std::string* out) {
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < count ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) out->push_back(i <= count ? alphabet[bits >> (18 - 6 * i) & 63] : '=');
  }
}

std::string base64(std::string_view bytes) {
  std::string text;
  append_base64(bytes, &text);
  return text;
}

}  // namespace forebay
