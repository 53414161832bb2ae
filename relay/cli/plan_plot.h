// A plot of a level over time, of characters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace forebay {

// `rows` lines and an axis, each `width` columns at most with the labels on the left: the peak at the top, 0 at the
// bottom. `levels`: one for each of plot_columns(width) columns. `until` stands at the right end of the axis.
// `blocks`: eighths of block characters (UTF-8), else `#`.
std::string plot(const std::vector<uint64_t>& levels, size_t rows, size_t width, bool blocks, const std::string& until);
size_t plot_columns(size_t width);

}  // namespace forebay
