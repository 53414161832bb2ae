// Wall times as RFC 3339 text. Written in UTC with milliseconds ("2026-03-01T12:00:00.000Z"); read with any
// offset and up to nine decimals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace forebay {

// Always 24 characters. Milliseconds are cut off, not rounded.
void append_rfc3339(std::string* out, WallTime when);
std::string format_rfc3339(WallTime when);

// nullopt: not a date and time of RFC 3339 section 5.6, or outside 1677 to 2262. Case of 'T' and 'Z' does not
// matter; a leap second (:60) is read as the second after it.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// Unix seconds with up to nine decimals ("1767225600", "1767225600.25"). nullopt: anything else.
std::optional<WallTime> parse_unix_seconds(std::string_view text);

}  // namespace forebay
