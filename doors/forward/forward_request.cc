#include "doors/forward/forward_request.h"

#include <array>
#include <string>

#include "doors/forward/hop_by_hop.h"
#include "doors/http/field_values.h"
#include "doors/http_chars.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

struct Field {
  std::string_view name;
  std::string (*read)(std::string_view text, NewMessage* message);
};

constexpr std::array<Field, 8> fields{{{"Idempotency-Key", read_idempotency_key},
                                       {"Forebay-Key", read_key},
                                       {"Forebay-Class", read_class},
                                       {"Forebay-Delay", read_delay},
                                       {"Forebay-Not-Before", read_not_before},
                                       {"Forebay-TTL", read_ttl},
                                       {"Forebay-Hold", read_hold},
                                       {"Forebay-Retries", read_retries}}};
constexpr std::array<std::string_view, 3> own_names{"Host", "Content-Length", "Forebay-Token"};

// The field's place in the table; fields.size() where the name is none of them.
size_t field_named(std::string_view name) {
  size_t i = 0;
  while (i < fields.size() && !same_ignoring_case(fields[i].name, name)) ++i;
  return i;
}

bool is_own(std::string_view name) {
  for (const std::string_view own : own_names) {
    if (same_ignoring_case(name, own)) return true;
  }
  return false;
}

// As it was sent: a `?` with nothing behind it is part of it.
std::string_view target_of(const Request& request) {
  if (request.query.data() == nullptr) return request.path;
  const char* const begin = request.path.data();
  return {begin, static_cast<size_t>(request.query.data() + request.query.size() - begin)};
}

}  // namespace

std::optional<Problem> ForwardRequest::read(const Request& request, NewMessage* message) {
  if (request.method == "HEAD" && !request.body.empty()) return malformed("a HEAD request has no body");
  headers_.clear();
  const HopByHop here_only(request.headers);
  unsigned seen = 0;
  for (const auto& [name, value] : request.headers) {
    if (is_own(name) || here_only.names(name)) continue;
    const size_t field = field_named(name);
    if (field == fields.size()) {
      headers_.emplace_back(name, value);
      continue;
    }
    if ((seen & (1u << field)) != 0) return malformed(std::string(name) + " is given more than once");
    seen |= 1u << field;
    const std::string wrong = fields[field].read(value, message);
    if (wrong.empty()) continue;
    return refusal(422, "bad-header", "A header's value cannot be used", std::string(name) + " " + wrong);
  }
  message->method = request.method;
  message->target = target_of(request);
  message->headers = request.headers;
  message->forward = headers_;
  message->body = request.body;
  return std::nullopt;
}

}  // namespace forebay
