#include "base/local_time.h"

#include <chrono>

namespace forebay {

Date date_of(int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())};
}

int64_t day_of(Date date) {
  const std::chrono::sys_days days =
      std::chrono::year{date.year} / static_cast<int>(date.month) / static_cast<int>(date.day);
  return days.time_since_epoch().count();
}

int64_t start_of_month(int64_t day, int64_t months_later) {
  Date date = date_of(day);
  const int64_t months = date.year * int64_t{12} + date.month - 1 + months_later;
  return day_of(Date{static_cast<int>(months / 12), static_cast<unsigned>(months % 12 + 1), 1});
}

}  // namespace forebay
