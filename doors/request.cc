#include "doors/http_chars.h"
#include "doors/server.h"

namespace forebay {

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

size_t Request::header_count(std::string_view name) const {
  size_t count = 0;
  for (const auto& [key, value] : headers) count += same_ignoring_case(key, name) ? 1 : 0;
  return count;
}

}  // namespace forebay
