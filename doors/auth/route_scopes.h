// Which scope each path of the doors asks for. The one table of that; a path it does not have asks for `admin`.
#pragma once

#include <optional>
#include <string_view>

#include "config/scope.h"

namespace forebay {

enum class DoorSide : uint8_t { http, admin };

struct NeededScope {
  enum class On : uint8_t {
    name,     // the queue or topic in the path
    message,  // the queue of the message in the path, which the door looks up: until then a scope on any queue
    nothing,  // `admin`
    open,     // nobody is asked
    metrics,  // `admin` or `read:*`
  };
  Verb verb = Verb::admin;
  On on = On::nothing;
  std::string_view name;  // still percent-encoded
};

// nullopt: no path of that door. A path counts whatever the method is.
std::optional<NeededScope> needed_scope(DoorSide door, std::string_view method, std::string_view path);

}  // namespace forebay
