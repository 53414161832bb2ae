// LimitMember: one configured limit of a set, whatever its kind, enforced or in shadow.
//
// In shadow (`enforce: false`) it counts and never holds anything back. A send that it would have held back is counted
// as `exceeded`; under a window or a bucket it then takes nothing, so that the figure is how many a limit that refuses
// would have refused, and one burst is not told as an excess for ever. (Which of the sends in flight those were is not
// remembered: the first to settle stand for them.)
#pragma once

#include <cstdint>
#include <memory>

#include "limiter/bucket_limit.h"
#include "limiter/calendar_limit.h"
#include "limiter/limit.h"
#include "limiter/window_limit.h"

namespace forebay {

struct LimitMember {
  LimitConfig config;
  // Exactly one of the three is there.
  std::unique_ptr<WindowLimit> window;
  std::unique_ptr<BucketLimit> bucket;
  std::unique_ptr<CalendarLimit> calendar;
  uint64_t exceeded = 0;   // sends that a limit in shadow would have held back
  uint64_t uncharged = 0;  // cost in flight that took nothing

  bool made() const { return window || bucket || calendar; }
  bool enforced() const { return config.enforce; }
  Limit& limit() const;
  // Must what it has spent outlive the process?
  bool is_long() const;
  Instant next(Now now, uint32_t cost, uint8_t lane) const;
  void take(Now now, uint32_t cost, uint8_t lane);
  void settle(Taken taken, Now now, SettledAs how);
  uint64_t max_cost(uint8_t lane) const;
  // Sends of cost 1 that it would let through now.
  double remaining(Now now) const;
};

// Windows of more than this outlive the process.
constexpr Duration short_window = Duration::seconds(10);

}  // namespace forebay
