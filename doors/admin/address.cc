#include "doors/admin/address.h"

#include <utility>

namespace forebay {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// The segments as sent, and the verb cut off the last of them.
std::pair<std::vector<std::string_view>, std::string_view> take_apart(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  auto segments = split(path, '/');
  std::string_view verb;
  const size_t colon = segments.back().rfind(':');
  if (colon != std::string_view::npos) {
    verb = segments.back().substr(colon + 1);
    segments.back() = segments.back().substr(0, colon);
  }
  return {std::move(segments), verb};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::optional<Address> parse_address(std::string_view path) {
  const auto [segments, verb] = take_apart(path);
  Address address;
  address.verb = verb;
  for (std::string_view segment : segments) {
    auto decoded = percent_decode(segment);
    if (!decoded) return std::nullopt;
    address.segments.push_back(std::move(*decoded));
  }
  return address;
}

bool matches(std::string_view pattern, const Address& address, std::vector<std::string>* names) {
  const auto [wanted, verb] = take_apart(pattern);
  if (verb != address.verb || wanted.size() != address.segments.size()) return false;
  names->clear();
  for (size_t i = 0; i < wanted.size(); i++) {
    const std::string& segment = address.segments[i];
    if (wanted[i] != "*") {
      if (wanted[i] != segment) return false;
    } else {
      if (segment.empty()) return false;
      names->push_back(segment);
    }
  }
  return true;
}

std::optional<Query> parse_query(std::string_view text) {
  Query query;
  for (std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals));
    auto value = percent_decode(equals == std::string_view::npos ? "" : part.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    if (!query.emplace(std::move(*name), std::move(*value)).second) return std::nullopt;
  }
  return query;
}

}  // namespace forebay
