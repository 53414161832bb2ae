#include "limiter/limit_member.h"

#include <algorithm>
#include <cassert>

namespace forebay {

Limit& LimitMember::limit() const {
  if (window) return *window;
  if (bucket) return *bucket;
  return *calendar;
}

bool LimitMember::is_long() const {
  return calendar != nullptr || (window && window->per() > short_window);
}

Instant LimitMember::next(Now now, uint32_t cost, uint8_t lane) const {
  if (window) return window->next(now, cost);
  if (bucket) return bucket->next(now, cost);
  return calendar->next(now, cost, lane);
}

void LimitMember::take(Now now, uint32_t cost, uint8_t lane) {
  const bool above = !enforced() && next(now, cost, lane) > now.steady;
  if (above) exceeded++;
  if (calendar) {
    assert(!enforced() || calendar->next(now, cost, lane) <= now.steady);
    return calendar->take(now, cost, lane);
  }
  if (above) {
    uncharged += cost;
  } else {
    limit().take(now, cost);
  }
}

void LimitMember::settle(Taken taken, Now now, SettledAs how) {
  const auto free_of_charge = static_cast<uint32_t>(std::min<uint64_t>(uncharged, taken.cost));
  uncharged -= free_of_charge;
  taken.cost -= free_of_charge;
  if (taken.cost > 0) limit().settle(taken, now, how);
}

uint64_t LimitMember::max_cost(uint8_t lane) const {
  if (calendar) return calendar->most(lane);
  return window ? config.count : config.burst;
}

double LimitMember::remaining(Now now) const {
  if (calendar) return static_cast<double>(calendar->remaining(now));
  if (window) {
    const Permits& permits = window->permits();
    const uint64_t used = permits.out() + permits.held(now.steady);
    return static_cast<double>(permits.count() - std::min(permits.count(), used));
  }
  return static_cast<double>(bucket->burst()) * (1.0 - bucket->utilization(now));
}

}  // namespace forebay
