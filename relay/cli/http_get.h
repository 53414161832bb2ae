// One blocking HTTP GET for the tools of the command line: no proxy, no redirects, one deadline.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace forebay {

// The body of a 200; nullopt: anything else.
std::optional<std::string> http_get(const std::string& url, Duration deadline = Duration::seconds(2));

}  // namespace forebay
