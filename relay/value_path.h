// ValuePath: a ValueSource of the config, taken apart once: where in a message a value stands.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace forebay {

struct ValuePath {
  ValuePath() = default;
  explicit ValuePath(const ValueSource& source);

  ValueSource::From from = ValueSource::From::none;
  std::string header;
  std::vector<std::string> steps;  // of a JSON pointer (RFC 6901), unescaped; none: the whole body
};

}  // namespace forebay
