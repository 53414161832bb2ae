// RunQueue: a first-in first-out list of sequences that costs next to nothing while they are consecutive, as
// those of a burst are: it stores runs (first, length), 8 bytes each, so at most 8 bytes a sequence.
//
// Entries are never taken out of the middle: who owns the messages marks them gone and skips them at the front.
// Sequences are below 2^48 (a store that accepts a million a second gets there in nine years; admit() asserts it).
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>

#include "base/ids.h"

namespace forebay {

class RunQueue {
 public:
  bool empty() const { return runs_.empty(); }
  uint64_t size() const { return size_; }

  void push(Sequence sequence) {
    assert(sequence < sequence_limit);
    ++size_;
    if (!runs_.empty()) {
      const uint64_t last = runs_.back();
      if (count(last) < count_max && first(last) + count(last) == sequence) {
        runs_.back() = last + 1;
        return;
      }
    }
    runs_.push_back(sequence << 16 | 1);
  }

  // Many consecutive ones.
  void push_run(Sequence sequence, uint64_t count) {
    while (count > 0) {
      push(sequence);
      uint64_t& last = runs_.back();
      const uint64_t more = std::min(count - 1, count_max - RunQueue::count(last));
      last += more;
      size_ += more;
      sequence += 1 + more;
      count -= 1 + more;
    }
    assert(runs_.empty() || first(runs_.back()) + RunQueue::count(runs_.back()) <= sequence_limit);
  }

  Sequence front() const { return first(runs_.front()); }

  void pop() {
    assert(size_ > 0);
    --size_;
    uint64_t& run = runs_.front();
    if (count(run) == 1) {
      runs_.pop_front();
    } else {
      run = (first(run) + 1) << 16 | (count(run) - 1);
    }
  }

  // Calls visit(sequence) from the front until it returns false.
  template <typename Visit>
  void scan(Visit visit) const {
    for (const uint64_t run : runs_) {
      for (uint64_t i = 0; i < count(run); ++i) {
        if (!visit(first(run) + i)) return;
      }
    }
  }

  // Calls visit(first, count) for each run of neighbours from the front until it returns false.
  template <typename Visit>
  void scan_runs(Visit visit) const {
    for (const uint64_t run : runs_) {
      if (!visit(first(run), count(run))) return;
    }
  }

 private:
  static constexpr Sequence sequence_limit = 1ull << 48;
  static constexpr uint64_t count_max = 0xFFFF;
  static Sequence first(uint64_t run) { return run >> 16; }
  static uint64_t count(uint64_t run) { return run & 0xFFFF; }

  std::deque<uint64_t> runs_;
  uint64_t size_ = 0;
};

}  // namespace forebay
