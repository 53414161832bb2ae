#include "doors/http/field_values.h"

#include <algorithm>
#include <array>

#include "base/duration_text.h"
#include "base/rfc3339.h"
#include "doors/http_chars.h"

namespace forebay {
namespace {

constexpr Duration longest_wait = Duration::days(3650);
constexpr WallTime latest_not_before = WallTime::from_ms(7'258'118'400'000);  // 2200-01-01
constexpr unsigned retries_max = 254;

std::string read_text(std::string_view text, size_t bytes_max, std::string_view* field) {
  if (text.size() > bytes_max) return "may have " + std::to_string(bytes_max) + " bytes at most";
  if (!is_field_value(text)) return "holds a control character";
  *field = text;
  return {};
}

std::string read_wait(std::string_view text, std::optional<Duration>* field) {
  Duration wait;
  if (!parse_duration(text, &wait)) return "must be a duration like 500ms, 90s, 10m, 24h or 7d";
  if (wait > longest_wait) return "may be 3650d at most";
  *field = wait;
  return {};
}

// Hop-by-hop and framing headers, and those that every delivery sets by itself.
constexpr std::array<std::string_view, 14> kept_back = {
    "connection",        "content-length", "content-type",        "expect",           "host", "http2-settings",
    "idempotency-key",   "keep-alive",     "proxy-authorization", "proxy-connection", "te",   "trailer",
    "transfer-encoding", "upgrade"};

}  // namespace

std::string read_key(std::string_view text, NewMessage* message) {
  return read_text(text, key_bytes_max, &message->key);
}

std::string read_class(std::string_view text, NewMessage* message) {
  return read_text(text, class_bytes_max, &message->klass);
}

std::string read_idempotency_key(std::string_view text, NewMessage* message) {
  if (text.empty()) return "is empty";
  return read_text(text, idempotency_key_bytes_max, &message->idempotency_key);
}

std::string read_content_type(std::string_view text, NewMessage* message) {
  return read_text(text, content_type_bytes_max, &message->content_type);
}

std::string read_delay(std::string_view text, NewMessage* message) {
  return read_wait(text, &message->delay);
}

std::string read_ttl(std::string_view text, NewMessage* message) {
  return read_wait(text, &message->ttl);
}

// Nothing is held for no time.
std::string read_hold(std::string_view text, NewMessage* message) {
  std::string wrong = read_wait(text, &message->hold);
  if (wrong.empty() && message->hold->ns < 1'000'000) wrong = "must be at least 1ms";
  return wrong;
}

std::string read_not_before(std::string_view text, NewMessage* message) {
  auto when = parse_unix_seconds(text);
  if (!when) when = parse_rfc3339(text);
  if (!when || when->ns < 0 || *when >= latest_not_before) {
    return "must be unix seconds (not milliseconds) or a time like 2026-03-01T12:00:00Z, from 1970 to before 2200";
  }
  message->not_before = when;
  return {};
}

std::string read_retries(std::string_view text, NewMessage* message) {
  unsigned retries = 0;
  for (char c : text) {
    if (!is_digits({&c, 1})) retries = retries_max + 1;
    retries = std::min(retries_max + 1, retries * 10 + static_cast<unsigned>(c - '0'));
  }
  if (text.empty() || retries > retries_max) return "must be a number from 0 to 254";
  message->retries = retries;
  return {};
}

std::string check_forward(std::string_view name, std::string_view value) {
  if (!is_token(name)) return "is not a header name";
  if (!is_field_value(value)) return "holds a control character";
  constexpr std::string_view own = "forebay-";
  const bool is_own = name.size() >= own.size() && same_ignoring_case(name.substr(0, own.size()), own);
  const bool is_kept_back = std::any_of(kept_back.begin(), kept_back.end(),
                                        [name](std::string_view kept) { return same_ignoring_case(name, kept); });
  if (is_own || is_kept_back) return "cannot be forwarded";
  return {};
}

}  // namespace forebay
