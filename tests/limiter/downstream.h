// A downstream that counts, and the searches for the worst window over what it counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/time.h"

namespace forebay {

class Downstream {
 public:
  void counts(int64_t at_ns, uint64_t cost) { arrivals_.push_back({at_ns, cost}); }
  size_t arrivals() const { return arrivals_.size(); }

  // The most that any half-open window [x, x + length) holds. Windows that begin at an arrival are the worst.
  uint64_t worst(Duration length) {
    std::sort(arrivals_.begin(), arrivals_.end());
    uint64_t worst = 0, held = 0;
    size_t first = 0;
    for (const auto& [at, cost] : arrivals_) {
      held += cost;
      while (arrivals_[first].first <= at - length.ns) held -= arrivals_[first++].second;
      worst = std::max(worst, held);
    }
    return worst;
  }

  // The most that any period holds, where period_of says which one a moment belongs to.
  template <typename PeriodOf>
  uint64_t most_in(PeriodOf period_of) const {
    std::map<int64_t, uint64_t> periods;
    uint64_t most = 0;
    for (const auto& [at, cost] : arrivals_) most = std::max(most, periods[period_of(at)] += cost);
    return most;
  }

  // Is there a window [x, x + L) of any length with more than slack + ⌈L·count/per⌉? For sends in order:
  // from i to j there are j − i + 1, so none may be more than (t_j − t_i)·count/per ahead of the allowance;
  // keeping the least of t_i·count − i·per makes all pairs one pass.
  bool any_window_above(uint64_t slack, uint64_t count, Duration per) {
    std::sort(arrivals_.begin(), arrivals_.end());
    __int128 most = 0, sent = 0;
    bool first = true;
    for (const auto& [at, cost] : arrivals_) {
      const __int128 credit = static_cast<__int128>(at) * count - sent * per.ns;
      if (first || credit > most) most = credit, first = false;
      sent += static_cast<__int128>(cost);
      // The shortest window that holds i..j is a nanosecond longer than t_j − t_i; its ⌈L·rate⌉ is ⌊(t_j −
      // t_i)·rate⌋ + 1 or more, so a violation is: sends > slack + ⌊(t_j − t_i)·rate⌋ + 1.
      const __int128 over = sent * per.ns - (static_cast<__int128>(at) * count - most);
      if (over > static_cast<__int128>(slack + 1) * per.ns) return true;
    }
    return false;
  }

 private:
  std::vector<std::pair<int64_t, uint64_t>> arrivals_;
};

}  // namespace forebay
