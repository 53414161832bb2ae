#include "relay/cli/spec.h"

#include <charconv>
#include "base/duration_text.h"

namespace forebay {
namespace {

// Reads a whole number off the front of `text`.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

std::optional<uint16_t> parse_port(std::string_view text) {
  const auto port = take_number(text);
  if (!port || !text.empty() || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

}  // namespace

std::optional<Duration> read_duration(std::string_view text) {
  Duration duration;
  return parse_duration(text, &duration) ? std::optional(duration) : std::nullopt;
}

std::optional<RateSpec> read_rate(std::string_view text) {
  const auto count = take_number(text);
  if (!count || *count == 0 || text.size() < 2 || text[0] != '/') return std::nullopt;
  text.remove_prefix(1);
  const bool bare_unit = text[0] < '0' || text[0] > '9';
  const auto per = read_duration(bare_unit ? "1" + std::string(text) : std::string(text));
  if (!per || per->ns <= 0) return std::nullopt;
  return RateSpec{*count, *per};
}

std::optional<double> read_share(std::string_view text) {
  const bool percent = !text.empty() && text.back() == '%';
  if (percent) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (percent) value /= 100;
  if (!(value >= 0 && value <= 1)) return std::nullopt;
  return value;
}

std::optional<HostPort> read_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return HostPort{std::string(host.empty() ? "127.0.0.1" : host), *port};
}

std::optional<HttpUrl> read_http_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const size_t slash = text.find('/');
  std::string authority(text.substr(0, slash));
  std::string path(slash == std::string_view::npos ? "" : text.substr(slash));
  if (path.find_first_of("?# \r\n") != std::string::npos) return std::nullopt;
  while (!path.empty() && path.back() == '/') path.pop_back();
  const bool has_port = authority.rfind(':') != std::string::npos && authority.back() != ']';
  if (!has_port) authority += ":80";
  auto address = read_address(authority);
  if (!address || address->port == 0 || authority.front() == ':') return std::nullopt;
  return HttpUrl{std::move(*address), std::move(path)};
}

}  // namespace forebay
