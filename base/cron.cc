#include "base/cron.h"

#include <array>
#include <cctype>
#include <vector>

namespace forebay {
namespace {

constexpr int64_t minute_ns = Duration::minutes(1).ns;
constexpr int day_minutes = 24 * 60;
constexpr int64_t days_ahead = 5 * 366;

struct Field {
  const char* name;
  int least, most;
  std::string_view names;  // three letters each, in order from `first_name`
  int first_name;
};
constexpr std::array<Field, 5> fields{{{"minute", 0, 59, "", 0},
                                       {"hour", 0, 23, "", 0},
                                       {"day of month", 1, 31, "", 0},
                                       {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1},
                                       {"day of week", 0, 7, "sunmontuewedthufrisat", 0}}};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (size_t from = 0;;) {
    const size_t end = text.find_first_of(separators, from);
    parts.push_back(text.substr(from, end == std::string_view::npos ? end : end - from));
    if (end == std::string_view::npos) return parts;
    from = end + 1;
  }
}

std::optional<int> number_of(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<int> value_of(std::string_view text, const Field& field) {
  if (const auto number = number_of(text)) return number;
  std::string low;
  for (const char c : text) low.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  for (size_t at = 0; low.size() == 3 && at < field.names.size(); at += 3) {
    if (field.names.substr(at, 3) == low) return static_cast<int>(at / 3) + field.first_name;
  }
  return std::nullopt;
}

// One of a list: `*`, `a`, `a-b`, each perhaps with `/step`. false: not one.
bool add_part(std::string_view part, const Field& field, uint64_t* set) {
  const size_t slash = part.find('/');
  const std::string_view range = part.substr(0, slash);
  int step = 1, low = field.least, high = field.most;
  if (slash != std::string_view::npos) {
    const auto given = number_of(part.substr(slash + 1));
    if (!given || *given == 0) return false;
    step = *given;
  }
  if (range != "*") {
    const size_t dash = range.find('-');
    const auto from = value_of(range.substr(0, dash), field);
    if (!from) return false;
    low = *from;
    if (dash != std::string_view::npos) {
      auto to = value_of(range.substr(dash + 1), field);
      if (to && *to == 0 && field.most == 7 && low > 0) to = 7;  // fri-sun
      if (!to) return false;
      high = *to;
    } else if (slash == std::string_view::npos) {
      high = low;
    }
  }
  if (low < field.least || high > field.most || low > high) return false;
  for (int value = low; value <= high; value += step) *set |= uint64_t{1} << value;
  return true;
}

bool parse_field(std::string_view text, const Field& field, uint64_t* set, std::string* why) {
  for (const std::string_view part : split(text, ",")) {
    if (add_part(part, field, set)) continue;
    *why = std::string(field.name) + " \"" + std::string(part) + "\": " + std::to_string(field.least) + " to " +
           std::to_string(field.most);
    if (!field.names.empty()) *why += " or a name like " + std::string(field.names.substr(0, 3));
    *why += "; *, a list 1,2, a range 1-5 or a step */5";
    return false;
  }
  return true;
}

}  // namespace

std::optional<Cron> Cron::parse(std::string_view text, std::string* why) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, " \t")) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() != fields.size()) {
    *why = "five fields are needed, minute hour day-of-month month day-of-week; \"" + std::string(text) + "\" has " +
           std::to_string(words.size());
    return std::nullopt;
  }
  Cron cron;
  const std::array<uint64_t*, 5> sets{&cron.minutes_, &cron.hours_, &cron.days_, &cron.months_, &cron.weekdays_};
  for (size_t i = 0; i < fields.size(); i++) {
    if (!parse_field(words[i], fields[i], sets[i], why)) return std::nullopt;
  }
  if (cron.weekdays_ >> 7 & 1) cron.weekdays_ |= 1;
  cron.either_day_ = words[2].front() != '*' && words[4].front() != '*';
  return cron;
}

bool Cron::fires_on(int64_t day, unsigned day_of_month) const {
  const bool month_day = days_ >> day_of_month & 1;
  const bool week_day = weekdays_ >> ((weekday_of(day) + 1) % 7) & 1;
  return either_day_ ? month_day || week_day : month_day && week_day;
}

// The first that matches, from this one of a day on; -1: none.
int Cron::minute_from(int minute_of_day) const {
  for (int hour = minute_of_day / 60, minute = minute_of_day % 60; hour < 24; hour++, minute = 0) {
    if (!(hours_ >> hour & 1)) continue;
    const uint64_t left = minutes_ >> minute;
    if (left != 0) return hour * 60 + minute + __builtin_ctzll(left);
  }
  return -1;
}

WallTime Cron::next(WallTime after, const Zone& zone) const {
  const LocalTime come = zone.forward(after);
  int64_t day = day_of(come);
  int minute = static_cast<int>((come.ns - start_of_day(day).ns) / minute_ns) + 1;
  for (const int64_t end = day + days_ahead; day < end; minute = 0) {
    const Date date = date_of(day);
    if (!(months_ >> date.month & 1)) {
      day = start_of_month(day, 1);
      continue;
    }
    const int found = minute < day_minutes && fires_on(day, date.day) ? minute_from(minute) : -1;
    if (found >= 0) return zone.first({start_of_day(day).ns + found * minute_ns});
    day++;
  }
  return WallTime::never();
}

}  // namespace forebay
