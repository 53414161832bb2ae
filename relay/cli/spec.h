// The small notations of the command line: durations "20ms", rates "300/1s", shares "1%", addresses, URLs.
// Each returns nullopt for text that is not wholly of the notation; none of them throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace forebay {

struct RateSpec {
  uint64_t count = 0;  // at least 1
  Duration per;        // more than 0
};

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

struct HttpUrl {
  HostPort address;
  std::string base_path;  // without a trailing '/'; may be empty
};

// As in the config file (base/duration_text.h).
std::optional<Duration> read_duration(std::string_view text);
// "300/1s", "300/s": so many in any window of that length.
std::optional<RateSpec> read_rate(std::string_view text);
// "1%", "0.5%" or a fraction "0.01"; 0 to 1.
std::optional<double> read_share(std::string_view text);
// "127.0.0.1:7080", "[::1]:0", ":7080" (then host is 127.0.0.1).
std::optional<HostPort> read_address(std::string_view text);
// "http://host[:port][/base]"; https is not spoken here.
std::optional<HttpUrl> read_http_url(std::string_view text);

}  // namespace forebay
