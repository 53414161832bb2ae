// The producer limits in an answer's header.
#pragma once

#include <utility>

#include "doors/intake.h"
#include "doors/server.h"

namespace forebay {

inline void add_rate_limits(RateLimits limits, Response* response) {
  if (limits.policy.empty()) return;
  response->headers.emplace_back("RateLimit-Policy", std::move(limits.policy));
  response->headers.emplace_back("RateLimit", std::move(limits.state));
}

}  // namespace forebay
