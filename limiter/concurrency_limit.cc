#include "limiter/concurrency_limit.h"

#include <algorithm>
#include <limits>

namespace forebay {

void ConcurrencyLimit::settle(Taken /*taken*/, Now now, SettledAs how) {
  switch (how) {
    case SettledAs::ok:
    case SettledAs::refused:
      return permits_.settle_answered(now.steady, 1);
    case SettledAs::unanswered:
      return permits_.settle_unanswered(now.steady + grace_, 1);
    case SettledAs::not_sent:
      return permits_.settle_not_sent(1);
  }
}

double ConcurrencyLimit::utilization(Now now) const {
  const double used = static_cast<double>(permits_.out() + permits_.held(now.steady));
  return std::min(1.0, used / static_cast<double>(permits_.count()));
}

double ConcurrencyLimit::rate_per_second() const {
  return std::numeric_limits<double>::infinity();
}

void ConcurrencyLimit::reconfigure(uint32_t count, Duration grace) {
  grace_ = grace;
  permits_.reconfigure(count, Duration{}, nullptr);
}

}  // namespace forebay
