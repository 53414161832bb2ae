// PageTable<T>: values by sequence, in whole pages: nothing is ever moved or packed (backlog/sequence_table.h does
// that, to hold a hundred million; here speed counts). A page is freed when its last value is erased. A T* is good
// until its own erase.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <deque>
#include <memory>

#include "base/ids.h"

namespace forebay::sim {

template <class T>
class PageTable {
 public:
  void insert(Sequence sequence, const T& value) {
    const uint64_t number = sequence / page_size;
    if (pages_.empty()) first_ = number;
    assert(number >= first_);
    while (number >= first_ + pages_.size()) pages_.emplace_back();
    std::unique_ptr<Page>& page = pages_[number - first_];
    if (!page) page = spare_ ? std::move(spare_) : std::make_unique<Page>();
    const uint64_t slot = sequence % page_size;
    assert(!page->alive[slot]);
    page->alive[slot] = true;
    page->values[slot] = value;
    ++page->count;
    ++size_;
  }
  T* find(Sequence sequence) {
    const uint64_t number = sequence / page_size;
    if (number < first_ || number >= first_ + pages_.size()) return nullptr;
    Page* page = pages_[number - first_].get();
    return page != nullptr && page->alive[sequence % page_size] ? &page->values[sequence % page_size] : nullptr;
  }
  const T* find(Sequence sequence) const { return const_cast<PageTable*>(this)->find(sequence); }
  void erase(Sequence sequence) {
    if (find(sequence) == nullptr) return;
    std::unique_ptr<Page>& page = pages_[sequence / page_size - first_];
    page->alive[sequence % page_size] = false;
    --size_;
    if (--page->count > 0) return;
    spare_ = std::move(page);
    while (!pages_.empty() && !pages_.front()) pages_.pop_front(), ++first_;
  }
  // f(value), rising by sequence.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& page : pages_) {
      for (uint64_t slot = 0; page && slot < page_size; ++slot) {
        if (page->alive[slot]) f(page->values[slot]);
      }
    }
  }
  size_t size() const { return size_; }

 private:
  static constexpr uint64_t page_size = 256;
  struct Page {
    std::array<T, page_size> values;
    std::array<bool, page_size> alive{};
    uint32_t count = 0;
  };

  std::deque<std::unique_ptr<Page>> pages_;
  std::unique_ptr<Page> spare_;  // the last that was emptied: the next one in a steady flow
  uint64_t first_ = 0;           // number of pages_.front()
  size_t size_ = 0;
};

}  // namespace forebay::sim
