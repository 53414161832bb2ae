// Rhythm: when messages come, as times since the world began. Pure functions of their settings and of the generator
// handed in; times never go back; nullopt is the end.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace forebay::sim {

class Rhythm {
 public:
  virtual ~Rhythm() = default;
  virtual std::optional<Duration> next(Random& random) = 0;
};

// From `from` on for `lasts`: the k-th (from 0) at from + k * per / count, exactly.
class Steady : public Rhythm {
 public:
  Steady(uint64_t count, Duration per, Duration from, Duration lasts)
      : count_(count), per_(per), from_(from), lasts_(lasts) {}
  std::optional<Duration> next(Random&) override;

 private:
  uint64_t count_;
  Duration per_, from_, lasts_;
  uint64_t sent_ = 0;
};

// A Poisson stream: independent exponential gaps.
class Poisson : public Rhythm {
 public:
  Poisson(double per_second, Duration from, Duration lasts);
  std::optional<Duration> next(Random& random) override;

 private:
  double mean_ns_;
  Duration at_, end_;
};

// `count` at one moment, and again every `every` (0: once) until `end`.
class Burst : public Rhythm {
 public:
  Burst(uint64_t count, Duration at, Duration every, Duration end)
      : count_(count), left_(count), at_(at), every_(every), end_(end) {}
  std::optional<Duration> next(Random&) override;

 private:
  uint64_t count_, left_;
  Duration at_, every_, end_;
};

// A rate that is linear between corners (time, per second): a trapezoid, a ramp, a day. The k-th message comes when the
// integral of the rate reaches k; after the last corner none do. `poisson`: when it reaches the k-th point of a unit
// Poisson process instead. `every`: the corners come again after so long, until `end`.
class Ramp : public Rhythm {
 public:
  using Corners = std::vector<std::pair<Duration, double>>;
  Ramp(Corners corners, bool poisson, Duration every, Duration end);
  std::optional<Duration> next(Random& random) override;

  // 24 h around `mean` per second: least at 4:00, most at 16:00, `swing` (0 to 1) of the mean up and down.
  static Corners daily(double mean, double swing);

 private:
  Corners corners_;
  bool poisson_;
  Duration every_, end_;
  Duration round_{};        // when this round of the corners began
  size_t corner_ = 0;       // the stretch that `area_` ends in
  double area_before_ = 0;  // of the stretches before it
  double wanted_ = 0;
};

}  // namespace forebay::sim
