// Traffic: a rhythm and a stamp make a producer; patience says what it does when it is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/random.h"
#include "sim/rhythm.h"
#include "sim/source.h"
#include "sim/stamp.h"

namespace forebay::sim {

struct Patience {
  uint32_t tries = 0;  // how often a refused message comes again
  Duration after = Duration::seconds(1);
  bool heeds_retry_after = true;  // false: comes again after `after` whatever it was told
};

class Traffic : public Source {
 public:
  Traffic(std::unique_ptr<Rhythm> rhythm, Stamp stamp, Patience patience, uint64_t seed)
      : rhythm_(std::move(rhythm)), stamp_(std::move(stamp)), patience_(patience), random_(seed) {}

  std::optional<Arrival> next() override {
    const std::optional<Duration> at = rhythm_->next(random_);
    if (!at) return std::nullopt;
    return Arrival{*at, stamp_.next(random_)};
  }
  std::optional<Duration> refused(const Arrival& arrival, Duration now, std::optional<Duration> retry_after) override {
    if (arrival.tries >= patience_.tries) return std::nullopt;
    const bool told = patience_.heeds_retry_after && retry_after;
    return now + (told ? *retry_after : patience_.after);
  }

 private:
  std::unique_ptr<Rhythm> rhythm_;
  Stamp stamp_;
  Patience patience_;
  Random random_;
};

}  // namespace forebay::sim
