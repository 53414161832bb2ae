// CountInForce: the N of a sink's shortest window as it is now: what Adaptive and SlowStart leave of the configured
// one, the least of the two. It changes inside settled() and slow_start() only.
//
// A slow start binds the pace, and the window too where W is 2 s or less: after an outage of that length its permits
// are all home. Of a longer window what was sent before the outage is still held, and a tenth of N would be no slow
// start but a stop, for up to W.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "config/config.h"
#include "limiter/adaptive.h"
#include "limiter/slow_start.h"

namespace forebay {

class CountInForce {
 public:
  // Sinks are slowly started after being closed for so long.
  static constexpr Duration outage_min = Duration::seconds(2);

  CountInForce(uint64_t count, Duration per, const AdaptiveConfig& config)
      : on_(config.on), count_(count), adaptive_(count, per, config.floor), slow_(count, per) {}

  uint64_t of_window() const { return slows_window() ? of_pace() : adapted(); }
  uint64_t of_pace() const { return std::min(adapted(), slow_.effective()); }

  // True: one of the two is another now.
  bool settled(Taken taken, Now now, SettledAs how) {
    if (how == SettledAs::refused) return adaptive_.refused(taken, now);
    if (how != SettledAs::ok) return false;
    const bool adapted = adaptive_.accepted(taken, now), stepped = slow_.accepted(taken, now);
    return adapted || stepped;
  }
  void slow_start(Instant from) { slow_.start(from); }

  // How long a refusal that names no time closes the sink; none: adaptive is off.
  std::optional<Duration> back_off(Now now) const {
    return on_ ? std::optional(adaptive_.back_off(now)) : std::nullopt;
  }
  // In a slow start: when the k-th further send (k from 1) could leave by it.
  bool starts_slowly() const { return !slow_.whole(); }
  bool slows_window() const { return starts_slowly() && per() <= outage_min; }
  Instant estimate(Instant now, uint64_t k) const { return slow_.estimate(now, k, adapted(), per()); }

  void reconfigure(uint64_t count, const AdaptiveConfig& config) {
    on_ = config.on;
    adaptive_.reconfigure(count, config.floor);
    slow_.reconfigure(count);
    count_ = count;
  }
  Duration per() const { return adaptive_.per(); }

 private:
  uint64_t adapted() const { return on_ ? adaptive_.effective() : count_; }

  bool on_;
  uint64_t count_;
  Adaptive adaptive_;
  SlowStart slow_;
};

}  // namespace forebay
