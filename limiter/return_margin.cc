#include "limiter/return_margin.h"

#include <algorithm>
#include <cassert>

namespace forebay {

int64_t ReturnMargin::period_of(Instant at) {
  const int64_t quotient = at.ns / period.ns;
  return at.ns % period.ns < 0 ? quotient - 1 : quotient;
}

void ReturnMargin::turn_to(int64_t period_number) {
  assert(period_number >= current_ || replies_ == 0);
  if (period_number == current_) return;
  least_before_ = period_number == current_ + 1 ? least_ : Duration::max();
  least_ = Duration::max();
  current_ = period_number;
}

void ReturnMargin::observe(Instant taken, Instant settled) {
  if (taken < since_) return;
  assert(settled >= taken);
  if (!is_current(settled)) turn_to(period_of(settled));
  least_ = std::min(least_, settled - taken);
  replies_ = std::min(replies_ + 1, replies_min);
}

void ReturnMargin::reset(Instant now) {
  *this = ReturnMargin();
  since_ = now;
}

Duration ReturnMargin::at(Instant at) const {
  if (replies_ < replies_min) return {};
  const int64_t age = is_current(at) ? 0 : period_of(at) - current_;
  assert(age >= 0);
  if (age > 1) return {};
  const Duration least = age == 0 ? std::min(least_, least_before_) : least_;
  if (least == Duration::max()) return {};
  // The order of these two keeps nine times an hour-long round trip far from overflow.
  return std::max(Duration{}, Duration{least.ns / 10 * 9} - slack);
}

Instant ReturnMargin::constant_until(Instant at) const {
  if (replies_ < replies_min) return Instant::never();
  const int64_t age = period_of(at) - current_;
  return age > 1 ? Instant::never() : Instant{(current_ + age + 1) * period.ns};
}

}  // namespace forebay
