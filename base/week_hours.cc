#include "base/week_hours.h"

#include <algorithm>
#include <cctype>

namespace forebay {
namespace {

constexpr int64_t minute_ns = Duration::minutes(1).ns;
constexpr int day_minutes = 24 * 60;
constexpr int week_minutes = 7 * day_minutes;
constexpr unsigned every_day = 127;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Calls `each` with every part, trimmed; false as soon as it is.
template <typename Each>
bool for_parts(std::string_view text, char separator, Each each) {
  for (;;) {
    const size_t end = text.find(separator);
    if (!each(trimmed(text.substr(0, end)))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

int weekday_named(std::string_view text) {
  constexpr std::string_view names = "montuewedthufrisatsun";
  std::string low;
  for (const char c : text) low.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  for (size_t i = 0; low.size() == 3 && i < 7; i++) {
    if (names.substr(i * 3, 3) == low) return static_cast<int>(i);
  }
  return -1;
}

// `mon-fri,sun`: bit 0 is Monday. A range may go over the end of the week.
bool parse_days(std::string_view text, unsigned* days, std::string* why) {
  return for_parts(text, ',', [&](std::string_view part) {
    const size_t dash = part.find('-');
    const int from = weekday_named(trimmed(part.substr(0, dash)));
    const int to = dash == std::string_view::npos ? from : weekday_named(trimmed(part.substr(dash + 1)));
    if (from < 0 || to < 0) {
      *why = quoted(part) + " is neither a day (mon tue wed thu fri sat sun) nor a range of days (mon-fri)";
      return false;
    }
    for (int day = from;; day = (day + 1) % 7) {
      *days |= 1u << day;
      if (day == to) return true;
    }
  });
}

// `8:00` or `08:00`, up to 24:00; -1: not a time of day.
int minute_of(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 1 || colon > 2 || text.size() != colon + 3) return -1;
  int parts[2] = {0, 0};
  for (size_t i = 0; i < text.size(); i++) {
    if (i == colon) continue;
    if (text[i] < '0' || text[i] > '9') return -1;
    int& part = parts[i < colon ? 0 : 1];
    part = part * 10 + (text[i] - '0');
  }
  const int minute = parts[0] * 60 + parts[1];
  return parts[1] < 60 && minute <= day_minutes ? minute : -1;
}

bool parse_opening(std::string_view text, int* open, int* close, std::string* why) {
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    *open = minute_of(trimmed(text.substr(0, dash)));
    *close = minute_of(trimmed(text.substr(dash + 1)));
  }
  if (dash == std::string_view::npos || *open < 0 || *close < 0) {
    *why = quoted(text) + " is not an opening like 08:00-21:00";
  } else if (*open == day_minutes) {
    *why = quoted(text) + " opens at 24:00; write 00:00 of the next day";
  } else if (*open == *close) {
    *why = quoted(text) + " closes when it opens; a whole day is 00:00-24:00";
  } else {
    return true;
  }
  return false;
}

}  // namespace

std::optional<WeekHours> WeekHours::parse(std::string_view text, std::string* why) {
  WeekHours hours;
  if (trimmed(text).empty()) return hours;
  hours.always_ = false;
  const bool good = for_parts(text, ';', [&](std::string_view section) {
    unsigned days = every_day;
    if (!section.empty() && std::isalpha(static_cast<unsigned char>(section.front())) != 0) {
      const size_t times = section.find_first_of("0123456789");
      days = 0;
      if (!parse_days(trimmed(section.substr(0, times)), &days, why)) return false;
      section = times == std::string_view::npos ? std::string_view() : section.substr(times);
    }
    return for_parts(section, ',', [&](std::string_view opening) {
      int open = -1, close = -1;
      if (!parse_opening(opening, &open, &close, why)) return false;
      hours.add(days, open, close);
      return true;
    });
  });
  if (!good) return std::nullopt;
  hours.join();
  return hours;
}

void WeekHours::add(unsigned days, int open, int close) {
  if (close <= open) close += day_minutes;
  for (int day = 0; day < 7; day++) {
    if (!(days >> day & 1)) continue;
    const int from = day * day_minutes + open, to = day * day_minutes + close;
    open_.emplace_back(from, std::min(to, week_minutes));
    if (to > week_minutes) open_.emplace_back(0, to - week_minutes);
  }
}

void WeekHours::join() {
  std::sort(open_.begin(), open_.end());
  std::vector<std::pair<int, int>> joined;
  for (const auto& opening : open_) {
    if (!joined.empty() && opening.first <= joined.back().second) {
      joined.back().second = std::max(joined.back().second, opening.second);
    } else {
      joined.push_back(opening);
    }
  }
  open_ = std::move(joined);
  if (open_.size() == 1 && open_[0] == std::pair(0, week_minutes)) *this = WeekHours();
}

WeekHours::Span WeekHours::at(LocalTime reading) const {
  if (always_) return {true, {WallTime::never().ns}};
  const int64_t day = day_of(reading);
  const int64_t week = start_of_day(day - weekday_of(day)).ns;
  const auto minute = static_cast<int>((reading.ns - week) / minute_ns);
  for (const auto& [open, close] : open_) {
    if (minute < open) return {false, {week + open * minute_ns}};
    if (minute < close) return {true, {week + close * minute_ns}};
  }
  return {false, {week + week_minutes * minute_ns}};
}

}  // namespace forebay
