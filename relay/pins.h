// Pin: limits that an operator has put on a sink in place of those of the config, until they are taken off again. It
// holds over reloads and restarts; what it does not name is as configured.
//
// As JSON: {"limits": ["100/1s", {"count": 5, "per": "1h"}], "concurrency": 10, "pace": "off"}, each as in the config
// and checked by what checks the config. No ${…}: a request must not read secrets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.h"
#include "doors/intake.h"

namespace forebay {

struct Pin {
  std::string text;  // the JSON, without what does not matter
  std::optional<std::vector<LimitConfig>> limits;
  std::optional<uint32_t> concurrency;
  std::optional<std::pair<Duration, bool>> pace;  // SinkConfig::pace and pace_off

  void apply(SinkConfig* sink) const;
};

inline constexpr size_t pin_bytes_max = 16 * 1024;

// A pin for that sink of the config; 400 or 422 with the reason.
std::variant<Pin, Problem> read_pin(std::string_view json, const std::string& sink, const Config& config);

inline std::string pin_note(std::string_view sink) {
  return "pin:sink:" + std::string(sink);
}

}  // namespace forebay
