// What `forebay status` prints: a line on the relay, a table of its queues, a table of its sinks.
#pragma once

#include <string>

#include "base/time.h"
#include "relay/cli/shown_status.h"

namespace forebay {

// `where` names the door that was asked; times to come are told from `now`.
std::string status_text(const ShownStatus& status, const std::string& where, WallTime now);

// "open", "paused", "class otp paused, 2 keys paused".
std::string state_of(const ShownQueue& queue);
// "in 12 s" or, beyond two days, the date; empty: no end is known.
std::string until_text(const std::optional<WallTime>& until, WallTime now);
// "never", "41 s".
std::string drain_text(const ShownQueue& queue);

}  // namespace forebay
