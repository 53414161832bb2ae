// Hours: when something may be used: opening hours of the week in a zone, less the times for which a cron closes it.
// A pure function of the configuration and the wall time asked for: a clock that steps back is answered as rightly as
// one that does not. Times open are half-open, [opens, closes).
//
// When clocks change (base/zone.h): what would open or close at a skipped reading does so right after the gap; what
// would at a reading that is shown twice does so the first time, and nothing opens or closes in the second pass. A
// closing of `lasts` is that long by the steady clock.
//
// Cheap for moments near each other (some spans are kept). One thread at a time.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/cron.h"
#include "base/time.h"
#include "base/week_hours.h"
#include "base/zone.h"
#include "config/config.h"

namespace forebay {

class Hours {
 public:
  // Empty: good. Else what is wrong, to be shown to a user behind the place where it is written. Also when what is
  // written is never open.
  static std::string why_not(const HoursConfig& config);

  // Open always.
  Hours() = default;
  // Only what why_not() has found good.
  explicit Hours(const HoursConfig& config);

  bool always() const { return week_.always() && closings_.empty(); }
  bool is_open(WallTime at) const { return always() || span(at).open; }
  // The first moment at or after `at` at which it is open, or closed; never(): none within five years.
  WallTime opens(WallTime at) const;
  WallTime closes(WallTime at) const;
  // When `work` of open time has passed since `from`; 0: when it opens. never(): not within five years.
  WallTime after(WallTime from, Duration work) const;

 private:
  // The state is the same from `from` until before `until`.
  struct Span {
    WallTime from{0};
    WallTime until{0};
    bool open = true;
  };
  struct Closing {
    Cron cron;
    Duration lasts;
    const Zone* zone;
  };

  Span span(WallTime at) const;
  Span span_anew(WallTime at) const;
  WallTime first(bool open, WallTime at) const;

  WeekHours week_;
  const Zone* zone_ = nullptr;
  std::vector<Closing> closings_;
  mutable std::array<Span, 4> kept_{};  // the last asked for; empty ones hold no moment
  mutable size_t next_kept_ = 0;
};

}  // namespace forebay
