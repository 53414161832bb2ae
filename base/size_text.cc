#include "base/size_text.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace forebay {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Largest first, so that formatting takes the first that divides.
constexpr std::array<Unit, 6> size_units{
    {{"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}, {"", 1}}};
constexpr std::array<Unit, 4> count_units{{{"G", 1'000'000'000}, {"M", 1'000'000}, {"k", 1'000}, {"", 1}}};
constexpr uint64_t number_max = std::numeric_limits<int64_t>::max();

bool parse(std::string_view text, std::span<const Unit> units, uint64_t* out) {
  uint64_t number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  for (const Unit& unit : units) {
    if (unit.name != text) continue;
    if (number > number_max / unit.factor) return false;
    *out = number * unit.factor;
    return true;
  }
  return false;
}

std::string format(uint64_t number, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (number != 0 && number % unit.factor == 0) {
      return std::to_string(number / unit.factor) + std::string(unit.name);
    }
  }
  return "0";
}

}  // namespace

bool parse_size(std::string_view text, uint64_t* out) {
  return parse(text, size_units, out);
}

bool parse_count(std::string_view text, uint64_t* out) {
  return parse(text, count_units, out);
}

std::string format_size(uint64_t bytes) {
  return format(bytes, size_units);
}

std::string format_count(uint64_t count) {
  return format(count, count_units);
}

}  // namespace forebay
