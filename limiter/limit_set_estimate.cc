// LimitSet: when calendars run out, what goes to their next periods.
#include <algorithm>
#include <cassert>
#include <limits>

#include "limiter/limit_set.h"

namespace forebay {
namespace {

Duration saturated(__int128 ns) {
  return ns >= Duration::max().ns ? Duration::max() : Duration{static_cast<int64_t>(ns)};
}

Duration sum(Duration a, Duration b) {
  return saturated(static_cast<__int128>(a.ns) + b.ns);
}

// So many intervals of per/count.
Duration intervals(uint64_t n, uint64_t count, Duration per) {
  return saturated(static_cast<__int128>(n) * per.ns / static_cast<__int128>(count));
}

Instant plus(Instant at, Duration time) {
  return time < Instant::never() - at ? at + time : Instant::never();
}

}  // namespace

// As in estimate(): whole rounds after the send that stands at the same place of the first one. Each step is below that
// limit's N, so they are few.
Duration LimitSet::fresh(WallTime from, uint64_t k, uint8_t lane) const {
  Duration after;
  if (pace_) after = intervals(k - 1, pace_->count(), pace_->per());
  for (const Member& m : members_) {
    if (!m.enforced() || k <= m.max_cost(lane)) continue;
    if (m.bucket) {
      after = std::max(after, intervals(k - m.config.burst, m.config.count, m.config.per));
      continue;
    }
    const uint64_t count = std::max<uint64_t>(m.max_cost(lane), 1), rounds = (k - 1) / count,
                   place = (k - 1) % count + 1;
    if (m.window) {
      const Duration hold = saturated(static_cast<__int128>(m.window->permits().hold().ns) * rounds);
      after = std::max(after, sum(hold, fresh(from, place, lane)));
      continue;
    }
    const WallTime opens = m.calendar->opening(from, rounds);
    if (opens.is_never()) return Duration::max();
    after = std::max(after, sum(opens - from, fresh(opens, place, lane)));
  }
  return after;
}

Instant LimitSet::estimate_beyond(const CalendarLimit& calendar, Now now, uint64_t k, uint8_t lane) const {
  const uint64_t room = calendar.room(now, lane);
  if (k <= room) return now.steady;
  const uint64_t most = std::max<uint64_t>(calendar.most(lane), 1), beyond = k - room - 1;
  const WallTime opens = calendar.opening(now.wall, beyond / most + 1);
  if (opens.is_never()) return Instant::never();
  return plus(now.steady, sum(opens - now.wall, fresh(opens, beyond % most + 1, lane)));
}

}  // namespace forebay
