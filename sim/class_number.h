// The number by which the core knows a class of a queue: 0 is `default`, the others count from 1 in the order of their
// names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/config.h"

namespace forebay::sim {

// nullopt: the queue has no such class.
inline std::optional<uint8_t> class_number(const QueueConfig& queue, std::string_view name) {
  if (name.empty() || name == "default") return uint8_t{0};
  uint8_t number = 0;
  for (const auto& [known, settings] : queue.classes) {
    if (known != "default") ++number;
    if (known == name) return number;
  }
  return std::nullopt;
}

}  // namespace forebay::sim
