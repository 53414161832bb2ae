// A publish request's headers as a message's metadata.
//
// Forebay-Key, -Class, -Delay, -Not-Before, -TTL, -Hold, -Retries, Idempotency-Key and Content-Type at most once
// each (400 otherwise); Forebay-Forward-X, any number, becomes X. Any other Forebay-* is refused with 422 and
// the name nearest to it: a mistyped header would be a message sent in another way than was meant. What another
// Forebay sets on its deliveries (Forebay-Message-Id, -Message-Ids, -Attempt, -Queue) is ignored.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

using HeaderViews = std::vector<std::pair<std::string_view, std::string_view>>;

// Sets the fields of *message that headers speak of; `forward` holds what message->forward views.
std::optional<Problem> read_message_headers(const Request& request, HeaderViews* forward, NewMessage* message);

}  // namespace forebay
