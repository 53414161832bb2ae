#include "config/sink_forms.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"

namespace forebay {
namespace {

struct Scheme {
  std::string_view name;
  uint16_t port;
};
constexpr std::array schemes{Scheme{"smtp", 25}, Scheme{"smtps", 465}, Scheme{"redis", 6379}};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// false: a % without two digits, or a control character, written out or not.
bool percent_decode(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return false;
    out->push_back(c);
  }
  return true;
}

bool parse_port(std::string_view text, uint16_t* port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *port);
  return error == std::errc{} && end == text.data() + text.size() && *port != 0;
}

std::string why_not_host(std::string_view text, ServerUrl* url) {
  const bool bracketed = text.starts_with('[');
  const size_t bracket = bracketed ? text.find(']') : 0;
  if (bracket == text.npos) return "has a [ without its ]";
  const size_t colon = text.find(':', bracket);
  url->host = text.substr(0, colon);
  if (bracketed) url->host = text.substr(1, bracket - 1);
  if (url->host.empty()) return "names no host";
  const std::string_view marks = bracketed ? ":." : ".-_";
  for (char c : url->host) {
    if (!is_letter_or_digit(c) && marks.find(c) == marks.npos) return "names a bad host";
  }
  if (bracketed && colon == text.npos && bracket + 1 != text.size()) return "names a bad host";
  if (colon != text.npos && !parse_port(text.substr(colon + 1), &url->port)) return "has a bad port";
  return "";
}

std::string why_not_user(std::string_view text, ServerUrl* url) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return "has a user without a password";
  if (percent_decode(text.substr(0, colon), &url->user) && percent_decode(text.substr(colon + 1), &url->password)) {
    return url->password.empty() ? "has an empty password" : "";
  }
  return "has a user or password that is not percent-encoded";
}

}  // namespace

std::string why_not_server_url(std::string_view text, ServerUrl* url) {
  if (text.starts_with("rediss://"))
    return "asks for TLS, which the Redis client cannot; use redis://, or a TLS tunnel";
  const size_t colon = text.find("://");
  const auto known = std::find_if(schemes.begin(), schemes.end(),
                                  [&](const Scheme& scheme) { return scheme.name == text.substr(0, colon); });
  if (colon == text.npos || known == schemes.end()) return "does not begin with smtp://, smtps:// or redis://";
  ServerUrl out{.scheme = std::string(known->name), .port = known->port};
  std::string_view rest = text.substr(colon + 3);
  for (char c : rest) {
    if (c <= ' ' || c >= 0x7f) return "holds a character that must be percent-encoded";
  }
  if (rest.find_first_of("?#") != rest.npos) return "has a query or a fragment, which mean nothing here";
  const size_t slash = rest.find('/');
  if (slash != rest.npos) out.path = rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  const size_t at = rest.rfind('@');
  std::string why = at == rest.npos ? "" : why_not_user(rest.substr(0, at), &out);
  if (why.empty()) why = why_not_host(at == rest.npos ? rest : rest.substr(at + 1), &out);
  if (why.empty() && out.scheme == "redis" && !redis_database(out.path)) why = "names no database, such as /0";
  if (why.empty() && out.scheme != "redis" && !out.path.empty()) why = "has a path, which means nothing here";
  if (why.empty()) *url = std::move(out);
  return why;
}

std::optional<uint32_t> redis_database(std::string_view path) {
  constexpr uint32_t databases = 1024;
  uint32_t number = 0;
  if (path.empty()) return number;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
  const bool whole = error == std::errc{} && end == path.data() + path.size();
  return whole && number < databases ? std::optional(number) : std::nullopt;
}

bool is_mail_address(std::string_view text) {
  constexpr size_t bytes_max = 254;
  constexpr std::string_view local_marks = "!#$%&'*+-/=?^_`{|}~.", domain_marks = "-.";
  const size_t at = text.find('@');
  if (at == text.npos || text.size() > bytes_max) return false;
  for (const auto& [part, marks] : {std::pair{text.substr(0, at), local_marks}, {text.substr(at + 1), domain_marks}}) {
    if (part.empty() || part.front() == '.' || part.back() == '.' || part.find("..") != part.npos) return false;
    for (char c : part) {
      if (!is_letter_or_digit(c) && marks.find(c) == marks.npos) return false;
    }
  }
  return text[at + 1] != '-';
}

std::optional<std::string> webhook_key(std::string_view secret) {
  constexpr std::string_view prefix = "whsec_";
  constexpr size_t key_bytes_min = 24, key_bytes_max = 64;
  std::string key;
  if (!secret.starts_with(prefix) || !append_base64_decoded(secret.substr(prefix.size()), &key)) return std::nullopt;
  if (key.size() < key_bytes_min || key.size() > key_bytes_max) return std::nullopt;
  return key;
}

}  // namespace forebay
