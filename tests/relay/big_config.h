// A config with many queues and sinks, for tests of what metrics cost.
#pragma once

#include <string>

#include "config/config.h"

namespace forebay {

// As many queues as sinks, "name-0" and on; each sink has one limit.
inline Config many_queues_and_sinks(int count) {
  Config config;
  for (int i = 0; i < count; i++) {
    const std::string name = "name-" + std::to_string(i);
    config.queues[name] = {.name = name};
    config.sinks[name].name = name;
    config.sinks[name].limits.push_back({.name = "300/1s", .count = 300});
  }
  return config;
}

}  // namespace forebay
