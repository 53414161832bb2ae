// Zone: a time zone of the system's tz database, from moments to what its clocks read and back. Immutable once found,
// never freed, safe to share between threads; a call is a search in a table of some hundred entries (tens of ns).
//
// A clock that is put forward skips readings; one that is put back shows some twice. One rule for both, on which hours,
// cron and calendars all stand: a reading has come once the clock has shown it *or a later one*, and never goes back.
//   skipped      the moment after the gap
//   shown twice  the first time; in the second pass nothing comes that has come already
//
// The table spans 1970 to 2100, as far as the system's files tell (Debian's tell until 2037); before and after, the
// first and the last offset hold. No exception leaves this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/local_time.h"
#include "base/time.h"

namespace forebay {

class Zone {
 public:
  // From `begin` on, until the next one's begin.
  struct Range {
    WallTime begin;
    Duration offset;  // of the local clock, east of UTC
    LocalTime shown;  // every reading before this one has come by `begin`
  };

  // Ranges in order, the first of them from the beginning of time; for find_zone() and tests.
  Zone(std::string name, std::vector<Range> ranges);

  const std::string& name() const { return name_; }
  // What the clock shows.
  LocalTime local(WallTime at) const;
  // The latest reading that has come: that of local(), except in the second pass of a repeated hour, which it stays
  // before the end of. Never falls as `at` rises.
  LocalTime forward(WallTime at) const;
  // The first moment at which `reading` has come: forward() is that or later from then on.
  WallTime first(LocalTime reading) const;
  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  const Range& range_of(WallTime at) const;

  std::string name_;
  std::vector<Range> ranges_;
};

// By its IANA name; "" and "UTC" need no database. nullptr: there is none of that name. Valid for ever.
const Zone* find_zone(std::string_view name);

}  // namespace forebay
