#include "relay/lane_log.h"

#include <spdlog/spdlog.h>

namespace forebay {

void log_lane_changes(std::span<const LaneChange> changes) {
  for (const LaneChange& change : changes) {
    switch (change.state) {
      case LaneState::open:
        spdlog::info("sink {} is open again", change.sink);
        break;
      case LaneState::paused:
        spdlog::warn("sink {} is paused: {}", change.sink, change.reason);
        break;
      case LaneState::throttled:
        spdlog::warn("sink {} is throttled: {}", change.sink, change.reason);
        break;
      case LaneState::breaker:
        spdlog::error("sink {} is closed, its breaker is open: {}", change.sink, change.reason);
        break;
    }
  }
}

}  // namespace forebay
