// What the log says of sinks: one line when one closes, one when it is open again, however many messages it concerns.
#pragma once

#include <span>

#include "relay/core.h"

namespace forebay {

void log_lane_changes(std::span<const LaneChange> changes);

}  // namespace forebay
