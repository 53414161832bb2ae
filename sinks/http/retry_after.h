// The value of a Retry-After header (RFC 9110, 10.2.3): whole seconds, or an HTTP date in any of its three forms.
//
// Capped at 24 h. nullopt: no usable time (empty, negative, fractions, text, a date that has passed), as if
// the header were not there.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace forebay {

constexpr Duration kRetryAfterMax = Duration::hours(24);

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);

}  // namespace forebay
