// What a relay's metrics say, line by line.
#pragma once

#include <algorithm>
#include <string>

#include "tests/relay/desk_world.h"

namespace forebay {

inline std::string metrics_text(DeskWorld& world) {
  world.relay->admin().refresh_gauges();
  return world.relay->metrics().text();
}

// The value of `series` (name and labels as printed); "none": there is no such series.
inline std::string metrics_line(DeskWorld& world, const std::string& series) {
  const std::string text = metrics_text(world);
  const size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) return "none";
  const size_t value = at + series.size() + 2;
  return text.substr(value, text.find('\n', value) - value);
}

inline double metrics_value(DeskWorld& world, const std::string& series) {
  const std::string value = metrics_line(world, series);
  return value == "none" ? -1 : std::stod(value);
}

inline size_t metrics_line_count(DeskWorld& world) {
  const std::string text = metrics_text(world);
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace forebay
