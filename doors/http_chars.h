// Which bytes may stand where in an HTTP/1.1 head (RFC 9110 section 5, RFC 9112 section 3).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace forebay {

namespace http_chars_detail {

enum : uint8_t { token = 1, value = 2, target = 4, digit = 8, hex = 16, host = 32 };

constexpr std::array<uint8_t, 256> make_table() {
  std::array<uint8_t, 256> table{};
  for (int c = 0x20; c < 0x100; ++c) table[c] |= c == 0x7f ? 0 : value;
  table['\t'] |= value;
  for (int c = 0x21; c < 0x7f; ++c) table[c] |= target;
  for (char c : std::string_view("\"#<>\\^`{|}")) table[static_cast<uint8_t>(c)] &= ~target;
  for (int c = '0'; c <= '9'; ++c) table[c] |= token | digit | hex | host;
  for (int c = 'a'; c <= 'z'; ++c) table[c] |= token | host;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] |= token | host;
  for (char c : std::string_view("abcdefABCDEF")) table[static_cast<uint8_t>(c)] |= hex;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] |= token;
  for (char c : std::string_view("-._~%!$&'()*+;=:[]")) table[static_cast<uint8_t>(c)] |= host;
  return table;
}

inline constexpr std::array<uint8_t, 256> table = make_table();

constexpr bool all(std::string_view text, uint8_t kind) {
  for (char c : text) {
    if ((table[static_cast<uint8_t>(c)] & kind) == 0) return false;
  }
  return true;
}

}  // namespace http_chars_detail

// A non-empty run of token characters: a method, a header name.
constexpr bool is_token(std::string_view text) {
  return !text.empty() && http_chars_detail::all(text, http_chars_detail::token);
}
constexpr bool is_token_char(char c) {
  return (http_chars_detail::table[static_cast<uint8_t>(c)] & http_chars_detail::token) != 0;
}
// No control character but tab: what a header value may be made of. Empty is fine.
constexpr bool is_field_value(std::string_view text) {
  return http_chars_detail::all(text, http_chars_detail::value);
}
constexpr bool is_field_value_char(char c) {
  return (http_chars_detail::table[static_cast<uint8_t>(c)] & http_chars_detail::value) != 0;
}
// Visible ASCII without what RFC 3986 forbids everywhere.
constexpr bool is_target_text(std::string_view text) {
  return http_chars_detail::all(text, http_chars_detail::target);
}
constexpr bool is_digits(std::string_view text) {
  return !text.empty() && http_chars_detail::all(text, http_chars_detail::digit);
}
constexpr bool is_hex_digit(char c) {
  return (http_chars_detail::table[static_cast<uint8_t>(c)] & http_chars_detail::hex) != 0;
}
constexpr int hex_value(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
// What may stand in a Host header: one authority, so neither a comma, a slash nor an at sign.
constexpr bool is_host_text(std::string_view text) {
  return http_chars_detail::all(text, http_chars_detail::host);
}

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
constexpr bool same_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}
// Without the spaces and tabs around it.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace forebay
