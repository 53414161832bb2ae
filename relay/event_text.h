// A message as a Server-Sent Event (WHATWG HTML, section 9.2): its id, and its body as data.
//
//   id: 01HX…
//   data: {"order": 7}
//
// A body of several lines is a data line each. SSE is text, and ends lines at CR as well as at LF: a body that is not
// UTF-8, or has a CR or a NUL in it, goes out as `event: base64` with its bytes in base64.
#pragma once

#include <string>
#include <string_view>

namespace forebay {

// `id`: empty, if nothing of it is stored.
void append_event(std::string_view id, std::string_view body, std::string* out);

}  // namespace forebay
