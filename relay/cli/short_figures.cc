#include "relay/cli/short_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "relay/cli/progress.h"

namespace forebay {
namespace {

constexpr std::array<const char*, 9> rising = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> growing = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<const char*, 9> rising_ascii = {" ", "_", "_", ".", "-", "-", "=", "=", "#"};

std::string scaled(double value, const char* unit) {
  return fmt::format("{:.{}f}{}", value, value < 10 ? 2 : value < 100 ? 1 : 0, unit);
}

double within(double share) {
  return std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0;
}

}  // namespace

std::string short_count(uint64_t count) {
  if (count < 100'000) return with_commas(count);
  const auto value = static_cast<double>(count);
  if (value < 999.5e3) return scaled(value / 1e3, "k");
  if (value < 999.5e6) return scaled(value / 1e6, "M");
  return scaled(value / 1e9, "G");
}

std::string short_seconds(double seconds) {
  if (seconds <= 0) return "0 s";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<uint64_t>(std::min(seconds + 0.5, 1e15));
  if (whole < 100) return fmt::format("{} s", whole);
  if (whole < 100 * 60) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 48 * 3600) return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
  return whole < 1000 * 86'400 ? fmt::format("{}d {}h", whole / 86'400, whole / 3600 % 24)
                               : fmt::format("{}d", whole / 86'400);
}

std::string short_rate(double per_second) {
  if (per_second <= 0) return "0/s";
  if (per_second < 9.95) return fmt::format("{:.1f}/s", per_second);
  if (per_second < 9'999.5) return with_commas(static_cast<uint64_t>(per_second + 0.5)) + "/s";
  return scaled(per_second / 1e3, "k/s");
}

std::string short_percent(double share) {
  return fmt::format("{:.0f} %", std::isfinite(share) ? share * 100 : 0);
}

std::string bar(double share, size_t columns, bool ascii) {
  const auto eighths = static_cast<size_t>(std::ceil(within(share) * static_cast<double>(columns) * 8 - 1e-9));
  std::string out;
  if (ascii) {
    const size_t full = (eighths + 4) / 8;
    return std::string(full, '#') + std::string(columns - full, '.');
  }
  for (size_t i = 0; i < eighths / 8; ++i) out += growing[8];
  out += growing[eighths % 8];
  const size_t used = (eighths + 7) / 8;
  for (size_t i = used; i < columns; ++i) out += "·";
  return out;
}

std::string sparkline(std::span<const double> values, size_t columns, bool ascii) {
  if (values.size() > columns) values = values.last(columns);
  const double highest = values.empty() ? 0 : *std::ranges::max_element(values);
  std::string out;
  for (const double value : values) {
    const double share = highest > 0 ? within(value / highest) : 0;
    const auto step = static_cast<size_t>(std::ceil(share * 8 - 1e-9));
    out += ascii ? rising_ascii[step] : rising[step];
  }
  return out;
}

}  // namespace forebay
