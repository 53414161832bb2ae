// Cron: five fields, `minute hour day-of-month month day-of-week`, as crontab(5) has them.
//   *  lists 1,15  ranges 9-17  steps */5 10-40/10 5/10 (from 5 on)  names jan-dec, mon-sun in any case  Sunday 0 or 7
// The day: where both day fields are restricted (neither begins with `*`), either will do; else both must match.
// Each local minute fires once: one that the clock skips at the moment after the gap (several that it skips as one),
// one that it shows twice the first time (base/zone.h). Granularity: a minute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/zone.h"

namespace forebay {

class Cron {
 public:
  // nullopt: *why says which field is wrong and how.
  static std::optional<Cron> parse(std::string_view text, std::string* why);
  // The first firing strictly after `after`; never(): none within five years.
  WallTime next(WallTime after, const Zone& zone) const;

 private:
  bool fires_on(int64_t day, unsigned day_of_month) const;
  int minute_from(int minute_of_day) const;

  // Bit k: the value k.
  uint64_t minutes_ = 0;
  uint64_t hours_ = 0;
  uint64_t days_ = 0;      // 1 to 31
  uint64_t months_ = 0;    // 1 to 12
  uint64_t weekdays_ = 0;  // 0: Sunday, to 6
  bool either_day_ = false;
};

}  // namespace forebay
