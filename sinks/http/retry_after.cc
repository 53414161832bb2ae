#include "sinks/http/retry_after.h"

#include <time.h>

#include <algorithm>
#include <string>

namespace forebay {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  size_t from = text.find_first_not_of(kBlanks);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

// Digits of any length: 10^30 is a long time, not an overflow.
Duration seconds_of(std::string_view digits) {
  int64_t seconds = 0;
  int64_t max = kRetryAfterMax.ns / 1'000'000'000;
  for (char c : digits) {
    seconds = seconds * 10 + (c - '0');
    if (seconds >= max) return kRetryAfterMax;
  }
  return Duration::seconds(seconds);
}

// Unix seconds of an HTTP date: IMF-fixdate, RFC 850 or asctime. The process runs in the C locale.
std::optional<int64_t> unix_seconds_of(std::string_view date) {
  static constexpr const char* kForms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                           "%a %b %e %H:%M:%S %Y"};
  std::string text(date);
  for (const char* form : kForms) {
    tm fields{};
    const char* end = strptime(text.c_str(), form, &fields);
    if (end != nullptr && *end == '\0') return timegm(&fields);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
  value = trimmed(value);
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) return seconds_of(value);
  if (value.size() > 64) return std::nullopt;
  std::optional<int64_t> at = unix_seconds_of(value);
  if (!at) return std::nullopt;
  int64_t left_s = *at - now.ns / 1'000'000'000;
  if (left_s <= 0) return std::nullopt;
  if (left_s >= kRetryAfterMax.ns / 1'000'000'000) return kRetryAfterMax;
  return std::min(kRetryAfterMax, WallTime::from_ms(*at * 1000) - now);
}

}  // namespace forebay
