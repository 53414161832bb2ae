// Texts cut into parts (views into what was given), and made small.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forebay {

// Always at least one part; parts may be empty.
inline std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (size_t cut = text.find(at); cut != std::string_view::npos; cut = text.find(at)) {
    parts.push_back(text.substr(0, cut));
    text.remove_prefix(cut + 1);
  }
  parts.push_back(text);
  return parts;
}

// Without the blanks at its ends.
inline std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// ASCII letters made small.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace forebay
