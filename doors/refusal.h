// How doors build the Problem of a request they refuse themselves. The title names the kind, the detail says what to
// do.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "doors/intake.h"

namespace forebay {

inline Problem refusal(int status, std::string_view type, std::string_view title, std::string detail) {
  return Problem{status, std::string(type), std::string(title), std::move(detail), std::nullopt};
}

// 400: the request cannot be read, or could be read in two ways.
inline Problem malformed(std::string detail) {
  return refusal(400, "malformed-request", "The request is not valid HTTP/1.1", std::move(detail));
}

// 404: nothing of that kind has that name. `what` is one word: queue, sink, class.
inline Problem no_such(const std::string& what, std::string_view name) {
  return refusal(404, "no-such-" + what, "No such " + what,
                 "there is no " + what + " \"" + std::string(name) + "\" in the configuration");
}

// 404 and 405 of a door, whichever it is. `hint` says where else to look.
inline Problem no_such_path(std::string hint) {
  return refusal(404, "no-such-path", "There is nothing at this path", std::move(hint));
}

inline Problem method_not_allowed(std::string_view allow) {
  return refusal(405, "method-not-allowed", "This method does not go here", "allowed: " + std::string(allow));
}

}  // namespace forebay
