#include "base/duration_text.h"

#include <array>
#include <limits>

namespace forebay {
namespace {

struct Unit {
  std::string_view name;
  int64_t ns;
};

constexpr std::array<Unit, 5> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000}}};
constexpr size_t decimals_max = 9;
constexpr size_t digits_max = 19;  // of int64, before any unit

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

size_t count_digits(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

const Unit* unit_named(std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

__extension__ typedef __int128 Wide;

Wide to_number(std::string_view digits) {
  Wide value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

bool parse_duration(std::string_view text, Duration* out) {
  size_t whole_digits = count_digits(text);
  if (whole_digits == 0 || whole_digits > digits_max) return false;
  std::string_view whole = text.substr(0, whole_digits);
  text.remove_prefix(whole_digits);
  std::string_view fraction;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = text.substr(0, count_digits(text));
    if (fraction.empty() || fraction.size() > decimals_max) return false;
    text.remove_prefix(fraction.size());
  }
  const Unit* unit = unit_named(text);
  if (unit == nullptr) return false;

  Wide scale = 1;
  for (size_t i = 0; i < fraction.size(); ++i) scale *= 10;
  Wide ns = to_number(whole) * unit->ns + to_number(fraction) * unit->ns / scale;
  if (ns > std::numeric_limits<int64_t>::max()) return false;
  out->ns = static_cast<int64_t>(ns);
  return true;
}

std::string format_duration(Duration duration) {
  if (duration.ns == 0) return "0s";
  for (const Unit& unit : units) {
    if (duration.ns % unit.ns == 0) return std::to_string(duration.ns / unit.ns) + std::string(unit.name);
  }
  const bool negative = duration.ns < 0;
  const int64_t ms = duration.ns / units.back().ns;
  const int64_t rest = duration.ns % units.back().ns;
  std::string fraction = std::to_string(1'000'000 + (negative ? -rest : rest)).substr(1);
  while (fraction.back() == '0') fraction.pop_back();
  return (negative && ms == 0 ? "-" : "") + std::to_string(ms) + "." + fraction + "ms";
}

}  // namespace forebay
