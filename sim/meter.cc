#include "sim/meter.h"

#include <cmath>

namespace forebay::sim {

void SlidingMeter::forget(Instant now) {
  while (!came_.empty() && came_.front().first <= now - per()) {
    held_ -= came_.front().second;
    came_.pop_front();
  }
}

bool SlidingMeter::has_room(Now now, uint32_t cost) {
  forget(now.steady);
  return held_ + cost <= bound();
}

void SlidingMeter::count(Now now, uint32_t cost) {
  forget(now.steady);
  came_.emplace_back(now.steady, cost);
  held_ += cost;
  saw(held_);
}

Duration SlidingMeter::until_room(Now now, uint32_t cost) {
  forget(now.steady);
  uint64_t held = held_;
  for (const auto& [at, spent] : came_) {
    if (held + cost <= bound()) break;
    held -= spent;
    if (held + cost <= bound()) return at + per() - now.steady;
  }
  return Duration{};
}

void FixedMeter::turn(WallTime wall) {
  const int64_t window = (wall + skew_).ns / per().ns;
  if (window == window_) return;
  window_ = window;
  held_ = 0;
}

bool FixedMeter::has_room(Now now, uint32_t cost) {
  turn(now.wall);
  return held_ + cost <= bound();
}

void FixedMeter::count(Now now, uint32_t cost) {
  turn(now.wall);
  held_ += cost;
  saw(held_);
}

Duration FixedMeter::until_room(Now now, uint32_t cost) {
  if (has_room(now, cost)) return Duration{};
  return Duration{(window_ + 1) * per().ns} - Duration{(now.wall + skew_).ns};
}

double BucketMeter::missing(Instant now) const {
  return std::max(0.0, missing_ - static_cast<double>(bound()) * (now - at_).as_seconds() / per().as_seconds());
}

bool BucketMeter::has_room(Now now, uint32_t cost) {
  // A billionth of a token is what rounding to nanoseconds costs.
  return missing(now.steady) + cost <= static_cast<double>(burst_) + 1e-6;
}

void BucketMeter::count(Now now, uint32_t cost) {
  missing_ = missing(now.steady) + cost;
  at_ = now.steady;
  saw(static_cast<uint64_t>(std::ceil(missing_ - 1e-6)));
}

Duration BucketMeter::until_room(Now now, uint32_t cost) {
  const double over = missing(now.steady) + cost - static_cast<double>(burst_);
  if (over <= 0) return Duration{};
  return Duration{std::llround(over / static_cast<double>(bound()) * static_cast<double>(per().ns)) + 1};
}

void BucketMeter::set_bound(Now now, uint64_t bound) {
  missing_ = missing(now.steady);
  at_ = now.steady;
  Meter::set_bound(now, bound);
}

}  // namespace forebay::sim
