#include "relay/cli/plan_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "relay/cli/progress.h"

namespace forebay {
namespace {

constexpr size_t label_columns = 12;  // 100,000,000 and a space
constexpr const char* eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

// How many eighths of a row `level` fills, `row` rows above the bottom. What is not 0 is seen.
size_t fill(uint64_t level, uint64_t peak, size_t row, size_t rows) {
  if (level == 0) return 0;
  const double eighths_high = static_cast<double>(level) / static_cast<double>(peak) * static_cast<double>(rows * 8);
  const auto high = std::max<size_t>(1, static_cast<size_t>(eighths_high + 0.5));
  return high <= row * 8 ? 0 : std::min<size_t>(8, high - row * 8);
}

}  // namespace

size_t plot_columns(size_t width) {
  return std::max<size_t>(width, label_columns + 10) - label_columns - 1;
}

std::string plot(const std::vector<uint64_t>& levels, size_t rows, size_t width, bool blocks,
                 const std::string& until) {
  const uint64_t peak = std::max<uint64_t>(1, levels.empty() ? 0 : *std::max_element(levels.begin(), levels.end()));
  std::string text;
  for (size_t row = rows; row-- > 0;) {
    std::string line = fmt::format("{:>11} {}", row + 1 == rows ? with_commas(peak) : "", blocks ? "│" : "|");
    for (const uint64_t level : levels) {
      const size_t part = fill(level, peak, row, rows);
      line += blocks ? eighths[part] : part >= 4 || (row == 0 && part > 0) ? "#" : " ";
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  std::string axis = fmt::format("{:>11} {}", 0, blocks ? "└" : "+");
  for (size_t i = 0; i < levels.size(); ++i) axis += blocks ? "─" : "-";
  return text + axis + "\n" + fmt::format("{:>14}{:>{}}\n", "0s", until, plot_columns(width) - 1);
}

}  // namespace forebay
