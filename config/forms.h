// The small languages inside config values, as pure functions of text. Each returns false for what it does
// not take, and leaves its output untouched then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace forebay {

// `300/1s`, `100/1m`, `300/s`: a count and a duration, both above zero.
bool parse_rate(std::string_view text, uint64_t* count, Duration* per);

// The canonical way to write it: 300/1s.
std::string format_rate(uint64_t count, Duration per);

// `127.0.0.1:7070`, `[::1]:7070`, `localhost:7070`, `:7070` (127.0.0.1). Port 0 is any free one. The host is
// an IPv4 or IPv6 address without brackets.
bool parse_address(std::string_view text, std::string* host, uint16_t* port);

// 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

// `200`, `2xx`, `400-499`: an inclusive range within 100 to 599.
bool parse_status_range(std::string_view text, std::pair<int, int>* range);

// http:// or https://, a host, perhaps a port, a path and a query; no user, no fragment, nothing that would
// have to be escaped. Empty: it is one; else what is wrong.
std::string why_not_url(std::string_view text);

// RFC 9110 token: what header names and methods are made of.
bool is_token(std::string_view text);

// Names that people choose: letters, digits, `.`, `_` and `-`, not first; at most 64.
bool is_name(std::string_view text);

}  // namespace forebay
