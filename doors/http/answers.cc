#include "doors/http/answers.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "doors/json_text.h"

namespace forebay {
namespace {

std::string_view text_of(const MessageId& id) {
  return {id.data(), id.size()};
}

void append_time(std::string* out, WallTime when) {
  if (when == far_future()) {
    *out += "null";
    return;
  }
  *out += '"';
  append_rfc3339(out, when);
  *out += '"';
}

void append_time(std::string* out, const std::optional<WallTime>& when) {
  append_time(out, when.value_or(far_future()));
}

// Ids are Crockford base32: nothing in them needs escaping.
void append_id(std::string* out, std::string_view id) {
  *out += "{\"id\":\"";
  *out += id;
  *out += '"';
}

void append_bool(std::string* out, bool value) {
  *out += value ? "true" : "false";
}

// {"accepted":…,"estimated_delivery_time":{…}, still open.
void append_batch_head(std::string* out, std::span<const AcceptedMessage> accepted, size_t count) {
  WallTime first = far_future(), last{std::numeric_limits<int64_t>::min()};
  for (const AcceptedMessage& one : accepted) {
    first = std::min(first, one.estimated_delivery);
    last = std::max(last, one.estimated_delivery);
  }
  *out += "{\"accepted\":";
  append_number(out, count);
  *out += ",\"estimated_delivery_time\":{\"first\":";
  append_time(out, first);
  *out += ",\"last\":";
  append_time(out, accepted.empty() ? far_future() : last);
  *out += '}';
}

// The copies of one message of a topic, as an object.
void append_copies(std::string* out, std::span<const AcceptedMessage> copies) {
  if (copies.empty()) {
    *out += "{\"id\":null";
  } else {
    append_id(out, text_of(copies.front().id));
  }
  *out += ",\"deduplicated\":";
  append_bool(out, !copies.empty() && copies.front().deduplicated);
  *out += ",\"copies\":[";
  for (const AcceptedMessage& copy : copies) {
    if (&copy != copies.data()) *out += ',';
    *out += "{\"queue\":";
    append_json_string(out, copy.queue);
    *out += ",\"id\":\"";
    *out += text_of(copy.id);
    *out += "\",\"position\":";
    append_number(out, copy.position);
    *out += ",\"estimated_delivery_time\":";
    append_time(out, copy.estimated_delivery);
    *out += '}';
  }
  *out += "]}";
}

}  // namespace

Response accepted_response(const AcceptedMessage& accepted) {
  Response response;
  response.status = 202;
  const std::string_view id = text_of(accepted.id);
  std::string location;
  location.reserve(13 + id.size());
  location.append("/v1/messages/").append(id);
  response.headers.emplace_back("Location", std::move(location));
  std::string& out = response.body;
  out.reserve(192 + accepted.queue.size());
  append_id(&out, id);
  out += ",\"queue\":";
  append_json_string(&out, accepted.queue);
  out += ",\"position\":";
  append_number(&out, accepted.position);
  out += ",\"estimated_delivery_time\":";
  append_time(&out, accepted.estimated_delivery);
  out += ",\"deduplicated\":";
  append_bool(&out, accepted.deduplicated);
  out += '}';
  return response;
}

Response batch_response(std::span<const AcceptedMessage> accepted, size_t count, bool minimal) {
  Response response;
  response.status = 202;
  if (minimal) response.headers.emplace_back("Preference-Applied", "return=minimal");
  std::string& out = response.body;
  constexpr size_t bytes_a_message = 90;
  out.reserve(160 + (minimal ? 0 : accepted.size() * bytes_a_message));
  append_batch_head(&out, accepted, count);
  if (!minimal) {
    out += ",\"messages\":[";
    for (const AcceptedMessage& one : accepted) {
      if (&one != accepted.data()) out += ',';
      append_id(&out, text_of(one.id));
      out += ",\"position\":";
      append_number(&out, one.position);
      out += ",\"deduplicated\":";
      append_bool(&out, one.deduplicated);
      out += '}';
    }
    out += ']';
  }
  out += '}';
  return response;
}

Response topic_response(std::span<const AcceptedMessage> copies) {
  Response response;
  response.status = 202;
  if (!copies.empty()) {
    response.headers.emplace_back("Location", "/v1/messages/" + std::string(text_of(copies.front().id)));
  }
  append_copies(&response.body, copies);
  return response;
}

Response topic_batch_response(std::span<const AcceptedMessage> copies, size_t count) {
  Response response;
  response.status = 202;
  std::string& out = response.body;
  append_batch_head(&out, copies, count);
  out += ",\"messages\":[";
  size_t begin = 0;
  for (size_t message = 0; message < count; ++message) {
    size_t end = begin;
    while (end < copies.size() && copies[end].message == message) ++end;
    if (message > 0) out += ',';
    append_copies(&out, copies.subspan(begin, end - begin));
    begin = end;
  }
  out += "]}";
  return response;
}

Response status_response(const MessageStatus& status) {
  Response response;
  std::string& out = response.body;
  out += "{\"id\":";
  append_json_string(&out, status.id);
  out += ",\"queue\":";
  append_json_string(&out, status.queue);
  out += ",\"state\":";
  append_json_string(&out, status.state);
  out += ",\"attempts\":";
  append_number(&out, status.attempts);
  out += ",\"last_outcome\":";
  if (status.last_outcome.empty()) {
    out += "null";
  } else {
    append_json_string(&out, status.last_outcome);
  }
  out += ",\"position\":";
  if (status.position) {
    append_number(&out, *status.position);
  } else {
    out += "null";
  }
  out += ",\"estimated_delivery_time\":";
  append_time(&out, status.estimated_delivery);
  out += ",\"waiting_on\":";
  if (status.waiting_on) {
    out += "{\"kind\":";
    append_json_string(&out, status.waiting_on->kind);
    out += ",\"name\":";
    append_json_string(&out, status.waiting_on->name);
    out += ",\"until\":";
    append_time(&out, status.waiting_on->until);
    out += '}';
  } else {
    out += "null";
  }
  out += '}';
  return response;
}

Response cancelled_response(std::string_view id) {
  Response response;
  response.body = "{\"id\":";
  append_json_string(&response.body, id);
  response.body += ",\"state\":\"cancelled\"}";
  return response;
}

}  // namespace forebay
