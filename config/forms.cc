#include "config/forms.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "base/duration_text.h"
#include "base/size_text.h"

namespace forebay {
namespace {

constexpr size_t name_bytes_max = 64;
constexpr std::array<std::string_view, 3> periods{"day", "week", "month"};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Digits only, all of the text.
bool parse_number(std::string_view text, uint32_t max, uint32_t* out) {
  uint32_t number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size() || number > max) return false;
  *out = number;
  return true;
}

bool is_ip(const std::string& host) {
  in6_addr bytes;
  return inet_pton(host.find(':') == std::string::npos ? AF_INET : AF_INET6, host.c_str(), &bytes) == 1;
}

bool is_url_byte(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

// host, host:port or [v6]:port
std::string why_not_authority(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) {
    return "holds a user or password; put them into headers: {Authorization: …}";
  }
  std::string_view host = authority, port = "80";
  const size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return "has a [ without its ]";
  const size_t colon = authority.find(':', bracket);
  if (colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  uint32_t number = 0;
  if (host.empty()) return "names no host";
  if (!parse_number(port, 65535, &number) || number == 0) return "has a bad port";
  return "";
}

}  // namespace

bool parse_rate(std::string_view text, uint64_t* count, Duration* per) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  uint64_t number = 0;
  Duration length;
  std::string unit(text.substr(slash + 1));
  if (!unit.empty() && unit[0] >= 'a' && unit[0] <= 'z') unit.insert(0, "1");
  if (!parse_count(text.substr(0, slash), &number) || !parse_duration(unit, &length)) return false;
  if (number == 0 || length.ns == 0) return false;
  *count = number;
  *per = length;
  return true;
}

bool parse_period(std::string_view text, LimitConfig::Period* period) {
  for (size_t i = 0; i < periods.size(); ++i) {
    if (text == periods[i]) {
      *period = static_cast<LimitConfig::Period>(i);
      return true;
    }
  }
  return false;
}

std::string format_period(LimitConfig::Period period) {
  return std::string(periods[static_cast<size_t>(period)]);
}

bool parse_quota(std::string_view text, uint64_t* count, LimitConfig::Period* period) {
  const size_t slash = text.find('/');
  uint64_t number = 0;
  if (slash == std::string_view::npos || !parse_count(text.substr(0, slash), &number) || number == 0) return false;
  if (!parse_period(text.substr(slash + 1), period)) return false;
  *count = number;
  return true;
}

bool parse_decimal(std::string_view text, double* number) {
  constexpr size_t digits_max = 15;  // a double holds these
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot), rest = dot == text.npos ? "0" : text.substr(dot + 1);
  for (std::string_view digits : {whole, rest}) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return false;
  }
  if (text.size() > digits_max) return false;
  std::from_chars(text.data(), text.data() + text.size(), *number);
  return true;
}

bool parse_percent(std::string_view text, double* share) {
  double number = 0;
  if (!text.ends_with('%') || !parse_decimal(text.substr(0, text.size() - 1), &number)) return false;
  *share = number / 100;
  return true;
}

std::string format_decimal(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

std::string format_percent(double share) {
  return format_decimal(share * 100) + "%";
}

std::string why_not_source(std::string_view text, ValueSource* source) {
  constexpr std::string_view json = "json:", header = "header:";
  if (text.starts_with(json)) {
    if (!is_pointer(text.substr(json.size()))) return "holds no JSON pointer";
    *source = {ValueSource::From::json, std::string(text.substr(json.size()))};
    return "";
  }
  if (!text.starts_with(header)) return "is no place in a message";
  if (!is_token(text.substr(header.size()))) return "holds no name of a header";
  *source = {ValueSource::From::header, std::string(text.substr(header.size()))};
  return "";
}

bool is_pointer(std::string_view text) {
  if (!text.starts_with('/')) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 >= text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

std::string format_rate(uint64_t count, Duration per) {
  return std::to_string(count) + "/" + format_duration(per);
}

bool parse_address(std::string_view text, std::string* host, uint16_t* port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view name = text.substr(0, colon);
  const bool bracketed = name.starts_with('[') && name.ends_with(']');
  if (bracketed) name = name.substr(1, name.size() - 2);
  if ((name.find(':') != std::string_view::npos) != bracketed) return false;
  std::string address(name.empty() || name == "localhost" ? "127.0.0.1" : name);
  uint32_t number = 0;
  if (!is_ip(address) || !parse_number(text.substr(colon + 1), 65535, &number)) return false;
  *host = std::move(address);
  *port = static_cast<uint16_t>(number);
  return true;
}

bool is_loopback(std::string_view host) {
  return host == "::1" || (host.starts_with("127.") && host.find(':') == std::string_view::npos);
}

bool parse_status_range(std::string_view text, std::pair<int, int>* range) {
  uint32_t first = 0, last = 0;
  if (text.size() == 3 && text.ends_with("xx") && parse_number(text.substr(0, 1), 5, &first)) {
    first *= 100;
    last = first + 99;
  } else {
    const size_t dash = text.find('-');
    if (!parse_number(text.substr(0, dash), 599, &first)) return false;
    last = first;
    if (dash != std::string_view::npos && !parse_number(text.substr(dash + 1), 599, &last)) return false;
  }
  if (first < 100 || last < first) return false;
  *range = {static_cast<int>(first), static_cast<int>(last)};
  return true;
}

std::string why_not_url(std::string_view text) {
  const size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return "does not begin with http:// or https://";
  for (char c : text) {
    if (!is_url_byte(c)) return "holds a character that must be percent-encoded";
  }
  if (text.find('#') != std::string_view::npos) return "has a fragment (#…), which is never sent";
  const std::string_view rest = text.substr(scheme);
  return why_not_authority(rest.substr(0, rest.find_first_of("/?")));
}

bool is_token(std::string_view text) {
  for (char c : text) {
    if (!is_alphanumeric(c) && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > name_bytes_max || !is_alphanumeric(text[0])) return false;
  for (char c : text) {
    if (!is_alphanumeric(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

}  // namespace forebay
