#include "config/cron_form.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <span>

#include "config/text_parts.h"

namespace forebay {
namespace {

constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun",
                                                  "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view what, range;
  int min, max;
  std::span<const std::string_view> names;  // of min, min + 1, …
};

const std::array<Field, 5> fields{{{"minute", "0 to 59", 0, 59, {}},
                                   {"hour", "0 to 23", 0, 23, {}},
                                   {"day of the month", "1 to 31", 1, 31, {}},
                                   {"month", "1 to 12 or jan to dec", 1, 12, months},
                                   {"day of the week", "0 to 7 or sun to sat", 0, 7, weekdays}}};

using Values = std::bitset<64>;

std::string not_it(std::string_view text, const Field& field) {
  return "has `" + std::string(text) + "` for the " + std::string(field.what) + " (" + std::string(field.range) + ")";
}

bool read_number(std::string_view text, int* out) {
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return !text.empty() && text[0] != '-' && error == std::errc{} && rest == text.data() + text.size();
}

bool read_one(std::string_view text, const Field& field, int* out) {
  const auto name = std::find(field.names.begin(), field.names.end(), lower(text));
  if (name != field.names.end()) {
    *out = field.min + static_cast<int>(name - field.names.begin());
    return true;
  }
  return read_number(text, out) && *out >= field.min && *out <= field.max;
}

// `*`, 5, 1-5, */15, 8-18/2
std::string read_part(std::string_view part, const Field& field, Values* values) {
  const size_t slash = part.find('/'), dash = part.find('-');
  const std::string_view range = part.substr(0, slash);
  int first = field.min, last = field.max, step = 1;
  if (range != "*") {
    const bool one = dash == std::string_view::npos;
    if (!read_one(range.substr(0, dash), field, &first)) return not_it(part, field);
    if (!one && !read_one(range.substr(dash + 1), field, &last)) return not_it(part, field);
    if (one && slash != std::string_view::npos) return "has a step without a range: " + std::string(part);
    if (one) last = first;
    if (field.max == 7 && last == 0 && first > 0) last = 7;  // fri-sun
    if (last < first) return "has a range that runs backwards: " + std::string(range);
  }
  const bool stepped = slash != std::string_view::npos;
  if (stepped && (!read_number(part.substr(slash + 1), &step) || step < 1 || step > field.max)) {
    return not_it(part, field);
  }
  for (int value = first; value <= last; value += step) values->set(static_cast<size_t>(value));
  return "";
}

// 30 February: only the days of the month decide, and no named month is that long.
bool never_comes(const Values& month_days, const Values& in_months) {
  constexpr std::array<size_t, 12> longest{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  size_t first = 1;
  while (!month_days[first]) ++first;
  for (size_t month = 1; month <= longest.size(); ++month) {
    if (in_months[month] && first <= longest[month - 1]) return false;
  }
  return true;
}

}  // namespace

std::string why_not_cron(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::string_view part : split(text, ' ')) {
    if (!part.empty()) parts.push_back(part);
  }
  if (parts.size() != fields.size()) return "does not have five fields";
  std::array<Values, 5> values;
  for (size_t i = 0; i < fields.size(); ++i) {
    for (std::string_view part : split(parts[i], ',')) {
      std::string wrong = read_part(part, fields[i], &values[i]);
      if (!wrong.empty()) return wrong;
    }
  }
  if (parts[4].starts_with('*') && never_comes(values[2], values[3])) return "never comes: no month has such a day";
  return "";
}

}  // namespace forebay
