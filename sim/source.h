// Source: a producer, or many alike. Pulled: the world asks for the next arrival when it has taken the one before.
#pragma once

#include <optional>

#include "relay/core_types.h"

namespace forebay::sim {

struct Arrival {
  Duration at;  // since the world began
  AdmitRequest request;
  uint32_t tries = 0;  // how often it was refused before
};

class Source {
 public:
  virtual ~Source() = default;
  // Times never go back. nullopt: that was the last.
  virtual std::optional<Arrival> next() = 0;
  // `arrival` was refused at `now`, or found nobody there (retry_after none). When it comes again; nullopt: it gives
  // up.
  virtual std::optional<Duration> refused(const Arrival&, Duration /*now*/, std::optional<Duration> /*retry_after*/) {
    return std::nullopt;
  }
};

}  // namespace forebay::sim
