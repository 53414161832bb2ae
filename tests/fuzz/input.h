// What libFuzzer hands over, as what Forebay's readers take; and a way to look at every byte that they hand out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "doors/http_parser.h"

namespace forebay::fuzz {

inline std::span<const std::byte> bytes(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

// As the doors hand bodies over: with bytes behind the end that may be read and mean nothing.
inline std::string padded(const uint8_t* data, size_t size) {
  std::string body(reinterpret_cast<const char*>(data), size);
  body.reserve(size + body_padding_bytes);
  return body;
}

// A sanitizer sees it when one of them is not there.
inline void look_at(std::string_view text) {
  static volatile size_t kept;
  size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  kept = sum;
}

}  // namespace forebay::fuzz
