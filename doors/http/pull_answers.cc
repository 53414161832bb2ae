#include "doors/http/pull_answers.h"

#include <simdjson.h>

#include "base/base64.h"
#include "base/json_check.h"
#include "doors/http_chars.h"
#include "doors/json_text.h"

namespace forebay {
namespace {

// application/json, or anything+json.
bool is_json_type(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  constexpr std::string_view suffix = "+json";
  const bool suffixed = type.size() > suffix.size() && same_ignoring_case(type.substr(type.size() - 5), suffix);
  return suffixed || same_ignoring_case(type, "application/json");
}

void append_body(std::string* out, const LeasedMessage& message) {
  const bool is_text = simdjson::validate_utf8(message.body.data(), message.body.size());
  if (!is_text) {
    *out += "\"body_base64\":\"";
    append_base64(message.body, out);
    *out += '"';
    return;
  }
  *out += "\"body\":";
  if (is_json_type(message.content_type) && json_flaw(message.body).empty()) {
    *out += message.body;
  } else {
    append_json_string(out, message.body);
  }
}

void append_member(std::string* out, std::string_view name, std::string_view value) {
  if (out->back() != '{') *out += ',';
  append_json_string(out, name);
  *out += ':';
  append_json_string(out, value);
}

void append_headers(std::string* out, const LeasedMessage& message) {
  *out += ",\"headers\":{";
  if (!message.content_type.empty()) append_member(out, "Content-Type", message.content_type);
  if (!message.idempotency_key.empty()) append_member(out, "Idempotency-Key", message.idempotency_key);
  for (const auto& [name, value] : message.headers) append_member(out, name, value);
  *out += '}';
}

std::string_view name_of(LeaseResult result) {
  switch (result) {
    case LeaseResult::done:
      return "done";
    case LeaseResult::expired:
      return "expired";
    case LeaseResult::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

Response leased_response(std::span<const LeasedMessage> messages) {
  Response response;
  std::string& out = response.body;
  out = "{\"messages\":[";
  for (const LeasedMessage& message : messages) {
    if (&message != messages.data()) out += ',';
    out += '{';
    append_member(&out, "id", message.id);
    append_member(&out, "lease_id", message.lease_id);
    out += ",\"attempt\":";
    append_number(&out, message.attempt);
    if (!message.key.empty()) append_member(&out, "key", message.key);
    out += ',';
    append_body(&out, message);
    append_headers(&out, message);
    out += '}';
  }
  out += "]}";
  return response;
}

Response lease_results_response(std::span<const std::string> lease_ids, std::span<const LeaseResult> results) {
  Response response;
  std::string& out = response.body;
  out = "{\"results\":[";
  for (size_t i = 0; i < results.size(); ++i) {
    if (i > 0) out += ',';
    out += '{';
    append_member(&out, "lease_id", lease_ids[i]);
    append_member(&out, "status", name_of(results[i]));
    out += '}';
  }
  out += "]}";
  return response;
}

}  // namespace forebay
