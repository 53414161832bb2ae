// The values of a message's metadata, alike in headers and in the envelopes of a batch.
//
// Each reader returns "" and sets its field, or returns what is wrong, to be put after the field's name
// ("must be a duration like 90s"). Bounds: delay and ttl at most 3650d, not_before before the year 2200.
#pragma once

#include <string>
#include <string_view>

#include "doors/intake.h"

namespace forebay {

// Longer ones are refused: they are stored with every message.
inline constexpr size_t key_bytes_max = 1024;
inline constexpr size_t class_bytes_max = 64;
inline constexpr size_t idempotency_key_bytes_max = 512;
inline constexpr size_t content_type_bytes_max = 256;
inline constexpr size_t forward_headers_max = 64;
inline constexpr size_t forward_bytes_max = 16 * 1024;  // names and values of one message

std::string read_key(std::string_view text, NewMessage* message);
std::string read_class(std::string_view text, NewMessage* message);
std::string read_idempotency_key(std::string_view text, NewMessage* message);
std::string read_content_type(std::string_view text, NewMessage* message);
std::string read_delay(std::string_view text, NewMessage* message);
std::string read_hold(std::string_view text, NewMessage* message);
std::string read_not_before(std::string_view text, NewMessage* message);
std::string read_ttl(std::string_view text, NewMessage* message);
std::string read_retries(std::string_view text, NewMessage* message);

// A header that may be forwarded to a sink: a name that is a token and not one that frames or routes the
// request or that Forebay sets itself; a value without control characters.
std::string check_forward(std::string_view name, std::string_view value);

}  // namespace forebay
