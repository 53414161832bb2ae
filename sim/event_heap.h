// EventHeap: what is to happen, in order of time, and of adding where times are equal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace forebay::sim {

class EventHeap {
 public:
  enum class Kind : uint8_t { arrives, answered, comes_again, action };
  struct Item {
    Instant at;
    uint64_t order;
    uint32_t what;
    Kind kind;
  };

  void add(Instant at, Kind kind, uint32_t what) {
    heap_.push_back({at, ++added_, what, kind});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }
  Item take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Item item = heap_.back();
    heap_.pop_back();
    return item;
  }
  size_t size() const { return heap_.size(); }

 private:
  static bool later(const Item& a, const Item& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }

  std::vector<Item> heap_;
  uint64_t added_ = 0;
};

}  // namespace forebay::sim
