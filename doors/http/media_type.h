// A Content-Type's media type, whatever its parameters.
#pragma once

#include <string_view>

#include "doors/http_chars.h"

namespace forebay {

constexpr std::string_view media_type(std::string_view content_type) {
  return trimmed(content_type.substr(0, content_type.find(';')));
}

constexpr bool is_media_type(std::string_view content_type, std::string_view type) {
  return same_ignoring_case(media_type(content_type), type);
}

}  // namespace forebay
