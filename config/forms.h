// The small languages inside config values, as pure functions of text. Each returns false for what it does
// not take, and leaves its output untouched then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "config/config.h"

namespace forebay {

// `300/1s`, `100/1m`, `300/s`: a count and a duration, both above zero.
bool parse_rate(std::string_view text, uint64_t* count, Duration* per);

// `1000000/day`, `100k/week`, `5M/month`: a count above zero and a calendar period.
bool parse_quota(std::string_view text, uint64_t* count, LimitConfig::Period* period);

// `day`, `week`, `month`
bool parse_period(std::string_view text, LimitConfig::Period* period);
std::string format_period(LimitConfig::Period period);

// `5`, `0.25`: digits, and perhaps a dot between digits. Finite.
bool parse_decimal(std::string_view text, double* number);
std::string format_decimal(double number);

// `20%` is 0.2. Not `0.2`, which some would take for a fifth of a percent.
bool parse_percent(std::string_view text, double* share);
std::string format_percent(double share);

// `json:/phone`, `header:X-Tenant`; else what is wrong.
std::string why_not_source(std::string_view text, ValueSource* source);

// RFC 6901, below the whole document: parts that start with `/`; `~` only as `~0` and `~1`.
bool is_pointer(std::string_view text);

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
