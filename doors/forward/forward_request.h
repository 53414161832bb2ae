// ForwardRequest: a client's request as a message that can be sent on: method, target, headers and body as they came.
//
// Left out are the headers that concern this connection alone (hop_by_hop.h), Host and Content-Length, which are the
// next request's own, and Forebay-Token. Those by which a message tells Forebay about itself (Forebay-Key, -Class,
// -Delay, -Not-Before, -TTL, -Hold, -Retries) are read as at the http door and go no further. Any other Forebay-*
// passes. Idempotency-Key is the message's. Refused: a value that cannot be used (422, bad-header), such a header given
// twice (400), and HEAD with a body (400), which means nothing and cannot be sent on safely.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

class ForwardRequest {
 public:
  // Views into `request` and into this, until the next read().
  std::optional<Problem> read(const Request& request, NewMessage* message);

 private:
  std::vector<std::pair<std::string_view, std::string_view>> headers_;
};

}  // namespace forebay
