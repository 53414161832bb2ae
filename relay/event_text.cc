#include "relay/event_text.h"

#include <simdjson.h>

#include "base/base64.h"

namespace forebay {
namespace {

bool is_plain(std::string_view body) {
  return body.find('\r') == std::string_view::npos && body.find('\0') == std::string_view::npos &&
         simdjson::validate_utf8(body.data(), body.size());
}

void append_lines(std::string_view body, std::string* out) {
  for (;;) {
    const size_t end = body.find('\n');
    out->append("data: ").append(body.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) return;
    body.remove_prefix(end + 1);
  }
}

}  // namespace

void append_event(std::string_view id, std::string_view body, std::string* out) {
  if (!id.empty()) out->append("id: ").append(id).push_back('\n');
  if (is_plain(body)) {
    append_lines(body, out);
  } else {
    out->append("event: base64\ndata: ");
    append_base64(body, out);
    out->push_back('\n');
  }
  out->push_back('\n');
}

}  // namespace forebay
