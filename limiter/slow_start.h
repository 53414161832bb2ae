// SlowStart: how much of its N a sink is given when it comes back from an outage: max(1, N/10) at first, twice as much
// after each P until whole, P = max(W, 1 s), at most 10 s. Four steps, so 4 P and some replies.
// A step takes an accepted send of this start, P or more after the last step: a sink that is given nothing, or that
// does not answer, gets no more. So it changes inside accepted() only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "limiter/limit.h"

namespace forebay {

class SlowStart {
 public:
  SlowStart(uint64_t count, Duration per)
      : count_(count), effective_(count), period_(std::clamp(per, Duration::seconds(1), Duration::seconds(10))) {}

  // The sink opens at `from`, now or later.
  void start(Instant from) {
    effective_ = std::max<uint64_t>(count_ / 10, 1);
    from_ = from;
    step_at_ = from + period_;
  }
  // The bound in force, 1 to count; count: whole.
  uint64_t effective() const { return effective_; }
  bool whole() const { return effective_ == count_; }
  // True: effective() is another one now.
  bool accepted(Taken taken, Now now) {
    if (whole() || taken.at < from_ || now.steady < step_at_) return false;
    effective_ = std::min(count_, effective_ * 2);
    step_at_ = now.steady + period_;
    return true;
  }
  // When the k-th further send could leave, if each step comes on time and none is above `most` sends per `per`.
  Instant estimate(Instant now, uint64_t k, uint64_t most, Duration per) const {
    Instant at = std::max(now, from_);
    double left = static_cast<double>(k - 1);
    for (uint64_t count = effective_;; count *= 2) {
      const double per_ns = static_cast<double>(std::min(count, most)) / static_cast<double>(per.ns);
      const Duration step = std::max(count == effective_ ? step_at_ - at : period_, Duration{});
      if (count >= most || left <= per_ns * static_cast<double>(step.ns)) return after(at, left / per_ns);
      left -= per_ns * static_cast<double>(step.ns);
      at = at + step;
    }
  }

  void reconfigure(uint64_t count) {
    effective_ = whole() ? count : std::min(effective_, count);
    count_ = count;
  }

 private:
  // Centuries are never.
  static Instant after(Instant at, double ns) {
    return ns > 9e18 - static_cast<double>(at.ns) ? Instant::never() : at + Duration{static_cast<int64_t>(ns)};
  }

  uint64_t count_;
  uint64_t effective_;
  Duration period_;
  Instant from_;
  Instant step_at_;
};

}  // namespace forebay
