#include "config/hours_form.h"

#include <algorithm>
#include <array>

#include "config/text_parts.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 7> days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr size_t day_minutes = 24 * 60;
constexpr size_t week_minutes = 7 * day_minutes;

using Days = std::bitset<7>;

std::string named(std::string_view text) {
  return "`" + std::string(text) + "`";
}

// 7: not a day.
size_t day_number(std::string_view text) {
  const std::string name = lower(text);
  return static_cast<size_t>(std::find(days.begin(), days.end(), name) - days.begin());
}

std::string read_days(std::string_view text, Days* out) {
  for (std::string_view part : split(text, ',')) {
    const size_t dash = part.find('-');
    const std::string_view first_name = part.substr(0, dash);
    const std::string_view last_name = dash == std::string_view::npos ? first_name : part.substr(dash + 1);
    const size_t first = day_number(first_name), last = day_number(last_name);
    if (first == days.size()) return "has " + named(first_name) + ", which is no day (mon to sun)";
    if (last == days.size()) return "has " + named(last_name) + ", which is no day (mon to sun)";
    for (size_t day = first;; day = (day + 1) % days.size()) {
      out->set(day);
      if (day == last) break;
    }
  }
  return "";
}

bool read_time(std::string_view text, size_t* minutes) {
  if (text.size() != 5 || text[2] != ':') return false;
  for (size_t i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const size_t hour = static_cast<size_t>((text[0] - '0') * 10 + (text[1] - '0'));
  const size_t minute = static_cast<size_t>((text[3] - '0') * 10 + (text[4] - '0'));
  *minutes = hour * 60 + minute;
  return minute < 60 && *minutes <= day_minutes;
}

std::string read_times(std::string_view text, Days on, WeekMinutes* open) {
  for (std::string_view between : split(text, ',')) {
    const std::string_view part = trim(between);
    const size_t dash = part.find('-');
    size_t from = 0, to = 0;
    const bool good = dash != std::string_view::npos && read_time(part.substr(0, dash), &from) &&
                      read_time(part.substr(dash + 1), &to) && from < day_minutes;
    if (!good) return "has " + named(part) + ", which is not two times";
    if (from == to) return "has " + named(part) + ", which ends where it begins (the whole day is 00:00-24:00)";
    if (to < from) to += day_minutes;
    for (size_t day = 0; day < days.size(); ++day) {
      if (!on[day]) continue;
      for (size_t minute = from; minute < to; ++minute) open->set((day * day_minutes + minute) % week_minutes);
    }
  }
  return "";
}

std::string read_group(std::string_view group, WeekMinutes* open) {
  Days on;
  const char first = group.empty() ? ' ' : lower(group.substr(0, 1))[0];
  const bool has_days = first >= 'a' && first <= 'z';
  const size_t blank = has_days ? group.find(' ') : 0;
  if (!has_days) on.set();
  const std::string wrong = has_days ? read_days(group.substr(0, blank), &on) : "";
  if (!wrong.empty()) return wrong;
  const std::string_view times = blank == std::string_view::npos ? "" : trim(group.substr(blank));
  return times.empty() ? "names no times" : read_times(times, on, open);
}

std::string read_hours(std::string_view text, WeekMinutes* open) {
  for (std::string_view group : split(text, ';')) {
    const std::string wrong = read_group(trim(group), open);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace

std::string why_not_hours(std::string_view text) {
  WeekMinutes open;
  return read_hours(text, &open);
}

WeekMinutes open_minutes(std::string_view text) {
  WeekMinutes open;
  if (text.empty() || !read_hours(text, &open).empty()) open.set();
  return open;
}

}  // namespace forebay
