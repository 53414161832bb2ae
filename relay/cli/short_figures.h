// Figures as short texts, for tables and for the live view.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace forebay {

// "0", "12,345", "1.23M", "4.5G": at most six columns.
std::string short_count(uint64_t count);
// "0 s", "0.4 s", "41 s", "3m 20s", "2h 05m", "3d 4h".
std::string short_seconds(double seconds);
// "0/s", "0.4/s", "300/s", "12.3k/s".
std::string short_rate(double per_second);
// "98 %".
std::string short_percent(double share);

// `share` of `columns`, in eighths of a column, dots behind it ('#' and '.', with ascii).
std::string bar(double share, size_t columns, bool ascii = false);
// The last `columns` values, a column each, as high as they are beside the highest of them.
std::string sparkline(std::span<const double> values, size_t columns, bool ascii = false);

}  // namespace forebay
