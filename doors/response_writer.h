// Response to bytes, and what every answer carries: status line, Date, Content-Length, Connection.
#pragma once

#include <string>
#include <string_view>

#include "doors/server.h"

namespace forebay {

struct ResponseStyle {
  bool head_only = false;  // an answer to HEAD: all headers, no body
  bool http_1_0 = false;   // keep-alive must be said
  bool close = false;
};

// `date` is an IMF-fixdate. Header values must hold no control character (asserted): what producers send
// never goes into an answer's headers unchecked.
void append_response(std::string* out, const Response& response, ResponseStyle style, std::string_view date);

std::string_view reason_phrase(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string imf_fixdate(int64_t unix_seconds);

}  // namespace forebay
