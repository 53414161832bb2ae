// SettleTimes: when permits settled, as a queue in order of time. A ring that doubles; entries carry running
// totals, so that "how many by then" and "when was the n-th" are binary searches.
//
// With a grain, times that fall into the same grain are one entry, at the latest of them: what a permit loses
// by being rounded late is its own, the bound never. Memory: 16 bytes an entry, span / grain + 1 entries at
// most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace forebay {

class SettleTimes {
 public:
  struct Group {
    Instant at;
    uint64_t count = 0;
  };

  // grain 0: exact; only equal times are joined.
  explicit SettleTimes(Duration grain = {}) : grain_(grain) {}
  void set_grain(Duration grain) { grain_ = grain; }

  bool empty() const { return size_ == 0; }
  uint64_t count() const { return pushed_ - popped_; }  // permits, not entries
  size_t entries() const { return size_; }
  Group entry(size_t i) const;  // 0: the oldest

  // Amortised O(1) in order of time; what comes out of order moves past what is later.
  void push(Instant at, uint64_t count);
  void pop_front();

  // When the n-th permit settled, n from 1 to count().
  Instant nth(uint64_t n) const;
  // How many settled at or before `at`.
  uint64_t by(Instant at) const;
  void clear();

 private:
  struct Entry {
    int64_t at = 0;
    uint64_t through = 0;  // permits pushed up to and with this entry
  };
  Entry& slot(size_t i) { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  const Entry& slot(size_t i) const { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  bool joins(int64_t earlier, int64_t later) const;
  void grow();

  Duration grain_;
  std::vector<Entry> ring_;  // size a power of two
  size_t head_ = 0;
  size_t size_ = 0;
  uint64_t pushed_ = 0;
  uint64_t popped_ = 0;
};

}  // namespace forebay
