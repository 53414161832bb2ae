#include "doors/http/message_headers.h"

#include <array>
#include <string>

#include "config/suggest.h"
#include "doors/http/field_values.h"
#include "doors/http_chars.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

struct Field {
  std::string_view name;
  std::string (*read)(std::string_view text, NewMessage* message);
};

constexpr std::array<Field, 9> fields{{{"Content-Type", read_content_type},
                                       {"Forebay-Key", read_key},
                                       {"Forebay-Class", read_class},
                                       {"Forebay-Delay", read_delay},
                                       {"Forebay-Not-Before", read_not_before},
                                       {"Forebay-TTL", read_ttl},
                                       {"Forebay-Hold", read_hold},
                                       {"Forebay-Retries", read_retries},
                                       {"Idempotency-Key", read_idempotency_key}}};
constexpr std::string_view own_prefix = "Forebay-";
constexpr std::string_view forward_prefix = "Forebay-Forward-";

bool starts_with(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same_ignoring_case(name.substr(0, prefix.size()), prefix);
}

Problem bad_header(std::string_view name, std::string_view what) {
  return refusal(422, "bad-header", "A header's value cannot be used", std::string(name) + " " + std::string(what));
}

Problem unknown_header(std::string_view name) {
  std::string detail = "there is no header " + std::string(name);
  std::vector<std::string> names{std::string(forward_prefix) + "*"};
  for (const Field& field : fields) names.emplace_back(field.name);
  const std::string nearest = nearest_name(name, names);
  if (!nearest.empty()) detail += "; did you mean " + nearest + "?";
  return refusal(422, "unknown-header", "This Forebay header is not known", std::move(detail));
}

// The fields' place in the table; fields.size() where the name is none of them.
size_t field_named(std::string_view name) {
  size_t i = 0;
  while (i < fields.size() && !same_ignoring_case(fields[i].name, name)) ++i;
  return i;
}

std::optional<Problem> read_forward(std::string_view name, std::string_view value, size_t* bytes,
                                    HeaderViews* forward) {
  const std::string_view bare = name.substr(forward_prefix.size());
  const std::string wrong = check_forward(bare, value);
  if (!wrong.empty()) return bad_header(name, wrong);
  *bytes += bare.size() + value.size();
  forward->emplace_back(bare, value);
  if (forward->size() > forward_headers_max || *bytes > forward_bytes_max) {
    return bad_header(name, "is too much to forward: 64 headers and 16 KiB at most");
  }
  return std::nullopt;
}

// What another Forebay sets on each delivery: its sink may be this door, and the message gets an id of its own here.
constexpr std::array<std::string_view, 4> of_deliveries{"Forebay-Message-Id", "Forebay-Message-Ids", "Forebay-Attempt",
                                                        "Forebay-Queue"};

std::optional<Problem> read_own(std::string_view name) {
  if (!starts_with(name, own_prefix)) return std::nullopt;
  for (const std::string_view known : of_deliveries) {
    if (same_ignoring_case(name, known)) return std::nullopt;
  }
  return unknown_header(name);
}

}  // namespace

std::optional<Problem> read_message_headers(const Request& request, HeaderViews* forward, NewMessage* message) {
  unsigned seen = 0;
  size_t forward_bytes = 0;
  forward->clear();
  for (const auto& [name, value] : request.headers) {
    // Nearly every header of a request is none of ours; their first letters tell.
    const char first = ascii_lower(name.front());
    if (first != 'f' && first != 'c' && first != 'i') continue;
    const size_t index = field_named(name);
    if (index < fields.size()) {
      if ((seen & (1u << index)) != 0) return malformed(std::string(name) + " is given more than once");
      seen |= 1u << index;
      const std::string wrong = fields[index].read(value, message);
      if (!wrong.empty()) return bad_header(name, wrong);
    } else if (starts_with(name, forward_prefix)) {
      if (auto problem = read_forward(name, value, &forward_bytes, forward)) return problem;
    } else if (auto problem = read_own(name)) {
      return problem;
    }
  }
  message->forward = *forward;
  return std::nullopt;
}

}  // namespace forebay
