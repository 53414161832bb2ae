#include "sinks/file/file_line.h"

#include "base/rfc3339.h"
#include "sinks/body_value.h"

namespace forebay {
namespace {

void append_member(std::string_view name, std::string_view value, std::string* out) {
  out->append(out->back() == '{' ? "\"" : ",\"").append(name).append("\":");
  append_json_text(value, out);
}

}  // namespace

void append_file_line(const Delivery& delivery, WallTime now, std::string* out) {
  out->push_back('{');
  append_member("id", delivery.message_id, out);
  append_member("queue", delivery.queue, out);
  if (!delivery.key.empty()) append_member("key", delivery.key, out);
  out->append(",\"attempt\":").append(std::to_string(delivery.attempt));
  append_member("time", format_rfc3339(now), out);
  if (!delivery.method.empty()) append_member("method", delivery.method, out);
  if (!delivery.target.empty()) append_member("target", delivery.target, out);
  if (!delivery.content_type.empty()) append_member("content_type", delivery.content_type, out);
  if (!delivery.headers.empty()) {
    out->append(",\"headers\":");
    append_header_object(delivery.headers, out);
  }
  const BodyForm form = body_form(delivery.content_type, delivery.body);
  out->append(form == BodyForm::bytes ? ",\"body_base64\":" : ",\"body\":");
  append_body(form, delivery.body, out);
  out->append("}\n");
}

}  // namespace forebay
