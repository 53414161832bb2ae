#include "limiter/window_limit.h"

#include <algorithm>

#include "limiter/limit_name.h"

namespace forebay {

WindowLimit::WindowLimit(const LimitConfig& config, Duration default_grace, const ReturnMargin& margin)
    : name_(limit_name(config)),
      per_(config.per),
      grace_(config.unanswered_grace.value_or(default_grace)),
      permits_(config.count, hold_of(config.per), config.strict ? nullptr : &margin) {}

void WindowLimit::settle(Taken taken, Now now, SettledAs how) {
  switch (how) {
    case SettledAs::ok:
    case SettledAs::refused:
      return permits_.settle_answered(now.steady, taken.cost);
    case SettledAs::unanswered:
      return permits_.settle_unanswered(now.steady + grace_, taken.cost);
    case SettledAs::not_sent:
      return permits_.settle_not_sent(taken.cost);
  }
}

double WindowLimit::utilization(Now now) const {
  const double used = static_cast<double>(permits_.out() + permits_.held(now.steady));
  return std::min(1.0, used / static_cast<double>(permits_.count()));
}

double WindowLimit::rate_per_second() const {
  return static_cast<double>(permits_.count()) / per_.as_seconds();
}

void WindowLimit::reconfigure(const LimitConfig& config, Duration default_grace, const ReturnMargin& margin) {
  name_ = limit_name(config);
  per_ = config.per;
  grace_ = config.unanswered_grace.value_or(default_grace);
  permits_.reconfigure(config.count, hold_of(config.per), config.strict ? nullptr : &margin);
}

}  // namespace forebay
