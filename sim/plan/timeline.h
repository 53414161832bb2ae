// Timeline: a level over time, kept as the highest level of each of up to 2,048 equal cells. The cells double in length
// when the time outgrows them: a plan need not know beforehand how long it lasts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace forebay::sim {

class Timeline {
 public:
  static constexpr size_t cells_max = 2048;

  // From `at` on it is `level`; times never go back.
  void set(Duration at, uint64_t level) {
    reach(at);
    cells_.back() = std::max(cells_.back(), level);
    level_ = level;
    peak_ = std::max(peak_, level);
  }
  uint64_t level() const { return level_; }
  uint64_t peak() const { return peak_; }
  // The highest level of each of `columns` equal parts of [0, until).
  std::vector<uint64_t> columns(size_t columns, Duration until) const {
    std::vector<uint64_t> out(columns);
    const double cells = until.as_seconds() / cell_.as_seconds() / static_cast<double>(columns);
    for (size_t c = 0; c < columns; ++c) {
      const auto from = static_cast<size_t>(static_cast<double>(c) * cells);
      const auto to = std::max(from + 1, static_cast<size_t>(static_cast<double>(c + 1) * cells));
      for (size_t i = from; i < to; ++i) out[c] = std::max(out[c], i < cells_.size() ? cells_[i] : level_);
    }
    return out;
  }

 private:
  void reach(Duration at) {
    while (at.ns / cell_.ns >= static_cast<int64_t>(cells_max)) fold();
    const auto cell = static_cast<size_t>(at.ns / cell_.ns);
    if (cell >= cells_.size()) cells_.resize(cell + 1, level_);
  }
  void fold() {
    for (size_t i = 0; i < cells_.size(); i += 2) {
      cells_[i / 2] = i + 1 < cells_.size() ? std::max(cells_[i], cells_[i + 1]) : cells_[i];
    }
    cells_.resize((cells_.size() + 1) / 2);
    cell_ = cell_ * 2;
  }

  Duration cell_ = Duration::milliseconds(1);
  std::vector<uint64_t> cells_;
  uint64_t level_ = 0, peak_ = 0;
};

}  // namespace forebay::sim
