// How doors build the Problem of a request they refuse themselves.
#pragma once

#include <string>
#include <string_view>

#include "doors/intake.h"

namespace forebay {

inline Problem refusal(int status, std::string_view type, std::string_view title, std::string detail = {}) {
  return Problem{status, std::string(type), std::string(title), std::move(detail), std::nullopt};
}

// 400: the request cannot be read, or could be read in two ways.
inline Problem malformed(std::string detail) {
  return refusal(400, "malformed-request", "The request is not valid HTTP/1.1", std::move(detail));
}

}  // namespace forebay
