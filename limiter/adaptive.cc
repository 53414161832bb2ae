#include "limiter/adaptive.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace forebay {
namespace {

constexpr Instant long_ago{std::numeric_limits<int64_t>::min() / 2};
constexpr int64_t hold_periods = 15;
constexpr uint32_t even_steps_at_first = 5;
constexpr uint32_t even_steps_after_hold = 1;

// n percent of count, rounded up.
uint64_t percent(uint64_t count, uint64_t n) {
  return (count * n + 99) / 100;
}

}  // namespace

Adaptive::Adaptive(uint64_t count, Duration per, double floor)
    : count_(count),
      per_(per),
      period_(std::max(per, Duration::seconds(1))),
      floor_(floor),
      effective_(count),
      accepted_(per),
      lowered_at_(long_ago),
      raised_at_(long_ago),
      hold_until_(long_ago),
      closed_until_(long_ago) {
  assert(count > 0 && count <= 1'000'000'000 && per > Duration{} && floor >= 0 && floor <= 1);
}

uint64_t Adaptive::least() const {
  return std::max<uint64_t>(static_cast<uint64_t>(std::ceil(floor_ * static_cast<double>(count_))), 1);
}

bool Adaptive::accepted(Taken taken, Now now) {
  accepted_.add(now.steady, taken.cost);
  if (effective_ == count_ || taken.at <= lowered_at_) return false;
  clean_since_ = std::min(clean_since_, taken.at);
  if (now.steady < hold_until_ || now.steady - clean_since_ < period_) return false;
  raise(now);
  return true;
}

void Adaptive::raise(Now now) {
  const uint32_t doublings_a_step = even_steps_ == even_steps_after_hold ? 2 : 1;
  // Beyond 64 % the next step is the whole of it.
  const uint32_t doublings = steps_ < even_steps_ ? 0 : std::min((steps_ - even_steps_ + 1) * doublings_a_step, 6u);
  effective_ = std::min(count_, effective_ + percent(count_, uint64_t{2} << doublings));
  ++steps_;
  raising_ = true;
  raised_at_ = clean_since_ = now.steady;
}

// What closing is for, besides lowering. The lowered bound closes by itself: permits of the old one are out or held,
// and until enough of them are home (5 % of W, about) nothing leaves. That, or the moment at which the oldest accepted
// send leaves the sink's window, is all that a sink at its limit needs; to close for a whole W would cost a sixteenth
// of the rate, one refusal in every 15 P. A refusal of what was sent *after* the lowering says that the window is
// fuller than we know how to tell (the limit fell far below what was accepted in the last W): so close until that is
// past, and the next lowering measures in a window that began empty.
bool Adaptive::refused(Taken taken, Now now) {
  if (taken.at <= lowered_at_) return false;
  clean_since_ = Instant::never();
  if (now.steady - lowered_at_ < per_) {
    closed_until_ = lowered_at_ + per_;
    return false;
  }
  const uint64_t before = effective_;
  const Instant leaves = accepted_.oldest_leaves(now.steady);
  closed_until_ = std::min(leaves > now.steady ? leaves : now.steady + per_, now.steady + per_);
  lower(now);
  return effective_ != before;
}

void Adaptive::lower(Now now) {
  const bool probe = raising_ && (effective_ < count_ || now.steady - raised_at_ <= period_);
  const uint64_t accepted = accepted_.total(now.steady);
  lowered_at_ = now.steady;
  if (accepted == 0) return;  // it refuses whatever comes: that is no rate
  const uint64_t wanted = percent(accepted, probe ? 98 : 95);
  effective_ = std::max({std::min(wanted, effective_ - 1), (effective_ + 1) / 2, std::min(least(), effective_)});
  hold_until_ = probe ? now.steady + period_ * hold_periods : now.steady;
  even_steps_ = probe ? even_steps_after_hold : even_steps_at_first;
  steps_ = 0;
  raising_ = false;
}

Duration Adaptive::back_off(Now now) const {
  return std::max(closed_until_ - now.steady, Duration{});
}

void Adaptive::reconfigure(uint64_t count, double floor) {
  effective_ = effective_ == count_ ? count : std::min(effective_, count);
  count_ = count;
  floor_ = floor;
  effective_ = std::max(effective_, least());
}

}  // namespace forebay
