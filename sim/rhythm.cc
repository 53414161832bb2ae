#include "sim/rhythm.h"

#include <algorithm>
#include <cmath>

#include "sim/draw.h"

namespace forebay::sim {

std::optional<Duration> Steady::next(Random&) {
  const auto after = static_cast<int64_t>(static_cast<__int128>(sent_) * per_.ns / count_);
  if (after >= lasts_.ns) return std::nullopt;
  ++sent_;
  return from_ + Duration{after};
}

Poisson::Poisson(double per_second, Duration from, Duration lasts)
    : mean_ns_(1e9 / per_second), at_(from), end_(from + lasts) {}

std::optional<Duration> Poisson::next(Random& random) {
  at_ = at_ + Duration{std::llround(exponential(random, mean_ns_))};
  if (at_ >= end_) return std::nullopt;
  return at_;
}

std::optional<Duration> Burst::next(Random&) {
  if (left_ == 0 && every_.ns > 0) {
    at_ = at_ + every_;
    left_ = at_ < end_ ? count_ : 0;
  }
  if (left_ == 0) return std::nullopt;
  --left_;
  return at_;
}

Ramp::Ramp(Corners corners, bool poisson, Duration every, Duration end)
    : corners_(std::move(corners)), poisson_(poisson), every_(every), end_(end) {}

Ramp::Corners Ramp::daily(double mean, double swing) {
  Corners corners;
  for (int hour = 0; hour <= 24; ++hour) {
    const double angle = 6.283185307179586 * (hour - 10) / 24;
    corners.emplace_back(Duration::hours(hour), mean * (1 + swing * std::sin(angle)));
  }
  return corners;
}

// Within a stretch the area grows as r0 t + slope t^2 / 2; the root that is stable for small slopes.
std::optional<Duration> Ramp::next(Random& random) {
  wanted_ += poisson_ ? exponential(random, 1) : 1;
  for (;;) {
    if (corner_ + 1 >= corners_.size()) {
      if (every_.ns <= 0 || round_ + every_ >= end_) return std::nullopt;
      round_ = round_ + every_;
      corner_ = 0;
    }
    const auto& [from, rate] = corners_[corner_];
    const auto& [to, rate_then] = corners_[corner_ + 1];
    const double length = (to - from).as_seconds(), area = (rate + rate_then) / 2 * length;
    const double left = wanted_ - area_before_;
    if (left <= area && area > 0) {
      const double slope = (rate_then - rate) / length;
      const double t = 2 * left / (rate + std::sqrt(std::max(0.0, rate * rate + 2 * slope * left)));
      const Duration at = round_ + from + Duration{std::llround(std::min(t, length) * 1e9)};
      if (end_.ns > 0 && at >= end_) return std::nullopt;
      return at;
    }
    area_before_ += area;
    ++corner_;
  }
}

}  // namespace forebay::sim
