// What a door is told when the core does not admit a message.
#pragma once

#include "config/config.h"
#include "doors/intake.h"
#include "relay/core_types.h"

namespace forebay {

// 503, with when to come back.
Problem refusal_problem(const Refusal& refusal, const QueueConfig& queue);

Problem problem(int status, std::string type, std::string title, std::string detail);

}  // namespace forebay
