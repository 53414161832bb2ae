// LengthCounts: how long the lines of a class's flows are, so that a position can be told without looking at each: in
// rounds of one message a flow, a message with `i` before it in its own line has sum over flows of min(length, i + 1)
// before it, about. That sum is a prefix of "how many flows are at least so long", kept in a binary indexed tree.
// O(log longest) for each verb; 8 bytes for each message of the longest line.
// Source: P. Fenwick, "A New Data Structure for Cumulative Frequency Tables" (Software: Practice and Experience, 1994).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace forebay {

class LengthCounts {
 public:
  // A line has grown to that length; it was one shorter. It has shrunk from that length.
  void grown_to(uint64_t length) { change(length, 1); }
  void shrunk_from(uint64_t length) { change(length, -1); }

  // Sum over all lines of min(their length, most).
  uint64_t sum_up_to(uint64_t most) const {
    int64_t sum = 0;
    for (uint64_t i = std::min<uint64_t>(most, tree_.empty() ? 0 : tree_.size() - 1); i > 0; i -= i & -i)
      sum += tree_[i];
    return static_cast<uint64_t>(sum);
  }

 private:
  void change(uint64_t length, int64_t by) {
    if (length >= tree_.size()) grow(length);
    for (uint64_t i = length; i < tree_.size(); i += i & -i) tree_[i] += by;
  }
  // Of a power of two, a node that is one sums up all below it.
  void grow(uint64_t length) {
    uint64_t size = std::max<uint64_t>(tree_.size(), 2);
    if (tree_.empty()) tree_.resize(2);
    while (size <= length) size *= 2;
    const uint64_t before = tree_.size();
    int64_t all = static_cast<int64_t>(sum_up_to(before - 1));
    tree_.resize(size);
    for (uint64_t i = before; i < size; i *= 2) tree_[i] = all;
  }

  std::vector<int64_t> tree_;  // size a power of two; [0] unused
};

}  // namespace forebay
