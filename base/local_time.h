// LocalTime: what a clock on the wall of some zone reads, as nanoseconds since 1970-01-01 00:00 on that clock. Not a
// moment: base/zone.h turns one into the other. Days are numbered from 1970-01-01 (0); weeks begin on Monday.
#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace forebay {

struct LocalTime {
  int64_t ns = 0;
  constexpr auto operator<=>(const LocalTime&) const = default;
};

struct Date {
  int year = 1970;
  unsigned month = 1;  // 1 to 12
  unsigned day = 1;    // 1 to 31
};

constexpr int64_t day_ns = Duration::days(1).ns;

// The day that holds this reading, and when a day begins on that clock. Days of 1678 to 2261.
constexpr int64_t day_of(LocalTime at) {
  return at.ns / day_ns - (at.ns % day_ns < 0 ? 1 : 0);
}
constexpr LocalTime start_of_day(int64_t day) {
  return {day * day_ns};
}
// 0: Monday, 6: Sunday.
constexpr unsigned weekday_of(int64_t day) {
  return static_cast<unsigned>(((day + 3) % 7 + 7) % 7);
}

Date date_of(int64_t day);
int64_t day_of(Date date);
// The first day of the month that holds `day`, or of one so many months later.
int64_t start_of_month(int64_t day, int64_t months_later = 0);

}  // namespace forebay
