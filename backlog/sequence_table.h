// SequenceTable<T>: what is known of each live sequence, in order of sequence, in little more than sizeof(T).
//
// Sequences come in blocks of 1,024. A block has a bitmap of those alive and their values: in place while a
// quarter or more are alive (dense), one behind another below that (packed); an empty block is freed. So the
// price of an entry is sizeof(T) plus 0.2 bytes in a full block, and never more than about 4 × sizeof(T) plus
// 230 bytes however thinly the sequences are spread.
// Cost: find, insert and erase touch one block; blocks are found by arithmetic while they are contiguous at
// either end, by binary search otherwise. Rising inserts are the fast case, any order works.
// A T* is good until the next insert or erase. for_each() must not be used to insert or erase.
//
// A copy is a picture of that moment and costs 24 bytes a block: blocks are shared until one side writes to
// theirs. Another thread may read a copy while the original changes; copies are made and destroyed on the
// thread that changes the original, because only it looks at who shares what.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "base/ids.h"

namespace forebay {

template <class T>
class SequenceTable {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr uint32_t sequences_per_block = 1024;
  using Bitmap = std::array<uint64_t, sequences_per_block / 64>;

  // False, and nothing changed: the sequence is there already.
  bool insert(Sequence sequence, const T& value) {
    Block& block = block_for(sequence / sequences_per_block);
    const bool inserted = block.insert(sequence % sequences_per_block, value);
    size_ += inserted;
    return inserted;
  }

  // `count` of them at once, rising, none of them there yet: sequence_of(i) and value_of(i). Blocks that are
  // new get their final size at once, so that they are best handed over whole.
  template <class SequenceOf, class ValueOf>
  void insert_rising(size_t count, SequenceOf sequence_of, ValueOf value_of) {
    for (size_t begin = 0, end = 0; begin < count; begin = end) {
      const uint64_t number = sequence_of(begin) / sequences_per_block;
      for (end = begin + 1; end < count && sequence_of(end) / sequences_per_block == number;) ++end;
      Block& block = block_for(number);
      const bool fresh = block.count == 0;
      if (fresh) block.resize_for(static_cast<uint32_t>(end - begin));
      for (size_t i = begin; i < end; ++i) {
        const auto slot = static_cast<uint32_t>(sequence_of(i) % sequences_per_block);
        fresh ? block.append(slot, value_of(i)) : assert_new(block.insert(slot, value_of(i)));
      }
    }
    size_ += count;
  }

  // To read it, and to write it.
  const T* find(Sequence sequence) const {
    const size_t at = entry_of(sequence / sequences_per_block);
    if (at == npos || !entries_[at].block) return nullptr;
    return entries_[at].block->find(sequence % sequences_per_block);
  }
  T* find(Sequence sequence) {
    const size_t at = entry_of(sequence / sequences_per_block);
    if (at == npos || !entries_[at].block) return nullptr;
    return own(entries_[at]).find(sequence % sequences_per_block);
  }
  bool contains(Sequence sequence) const { return find(sequence) != nullptr; }

  // False: it was not there.
  bool erase(Sequence sequence) {
    const size_t at = entry_of(sequence / sequences_per_block);
    if (at == npos || !entries_[at].block) return false;
    if (!entries_[at].block->alive(sequence % sequences_per_block)) return false;
    Block& block = own(entries_[at]);
    block.erase(sequence % sequences_per_block);
    --size_;
    if (block.count == 0) forget_block(at);
    return true;
  }

  // The lowest live sequence not below `from`; 0: none.
  Sequence next(Sequence from) const {
    size_t at = lower_bound(from / sequences_per_block);
    for (; at < entries_.size(); ++at) {
      if (!entries_[at].block) continue;
      const Sequence first = entries_[at].number * sequences_per_block;
      const uint32_t slot = entries_[at].block->next(from > first ? from - first : 0);
      if (slot < sequences_per_block) return first + slot;
    }
    return 0;
  }

  // How many of `count` neighbours from `first` on are alive. Looks at bitmaps only, one for every 1,024 of `count`.
  uint64_t alive(Sequence first, uint64_t count) const {
    uint64_t alive = 0;
    for (Sequence at = first, end = first + count; at < end;) {
      const Sequence block_end = (at / sequences_per_block + 1) * sequences_per_block;
      const size_t entry = entry_of(at / sequences_per_block);
      const auto slot = static_cast<uint32_t>(at % sequences_per_block);
      const auto slots = static_cast<uint32_t>(std::min(end, block_end) - at);
      if (entry != npos && entries_[entry].block) {
        const Block& block = *entries_[entry].block;
        const uint32_t up_to = slot + slots == sequences_per_block ? block.count : block.rank(slot + slots);
        alive += up_to - block.rank(slot);
      }
      at = std::min(end, block_end);
    }
    return alive;
  }

  // f(Sequence, T&), rising.
  template <class F>
  void for_each(F&& f) {
    for (Entry& entry : entries_) {
      if (entry.block) own(entry).for_each(entry.number * sequences_per_block, f);
    }
  }
  template <class F>
  void for_each(F&& f) const {
    for (const Entry& entry : entries_) {
      if (entry.block) std::as_const(*entry.block).for_each(entry.number * sequences_per_block, f);
    }
  }

  // f(Sequence of bit 0, const Bitmap&) for every block with a live sequence, rising.
  template <class F>
  void for_each_bitmap(F&& f) const {
    for (const Entry& entry : entries_) {
      if (entry.block) f(entry.number * sequences_per_block, entry.block->live);
    }
  }

  size_t size() const { return size_; }
  size_t blocks() const { return entries_.size() - vacant_; }

  size_t memory_bytes() const {
    size_t bytes = entries_.size() * sizeof(Entry);
    for (const Entry& entry : entries_) {
      if (entry.block) bytes += sizeof(Block) + entry.block->capacity * sizeof(T) + 2 * allocation_overhead;
    }
    return bytes;
  }

 private:
  static constexpr size_t npos = static_cast<size_t>(-1);
  static constexpr size_t allocation_overhead = 16;
  static constexpr uint32_t packed_below = sequences_per_block / 4;    // a dense block this empty is packed
  static constexpr uint32_t dense_from = sequences_per_block * 3 / 8;  // apart, so that none goes to and fro
  static constexpr uint32_t least_capacity = 4;

  struct Block {
    Bitmap live{};
    uint32_t count = 0;
    uint32_t capacity = 0;  // sequences_per_block: dense
    std::unique_ptr<T[]> values;

    Block() = default;
    Block(const Block& other)
        : live(other.live),
          count(other.count),
          capacity(other.capacity),
          values(std::make_unique_for_overwrite<T[]>(other.capacity)) {
      // The places of the dead in a dense block were never written.
      uint32_t place = 0;
      other.for_each(0, [&](Sequence slot, const T& value) { values[dense() ? slot : place++] = value; });
    }
    Block& operator=(const Block&) = delete;

    bool dense() const { return capacity == sequences_per_block; }
    bool alive(uint32_t slot) const { return live[slot / 64] >> (slot % 64) & 1; }

    // How many live slots lie before this one.
    uint32_t rank(uint32_t slot) const {
      uint32_t before = 0;
      for (uint32_t word = 0; word < slot / 64; ++word) before += std::popcount(live[word]);
      return before + std::popcount(live[slot / 64] & ((uint64_t{1} << (slot % 64)) - 1));
    }

    T* find(uint32_t slot) const {
      if (!alive(slot)) return nullptr;
      return &values[dense() ? slot : rank(slot)];
    }

    // An empty block, for that many to come.
    void resize_for(uint32_t coming) {
      if (coming >= dense_from) {
        resize(sequences_per_block);
      } else {
        resize(std::max(least_capacity, std::bit_ceil(coming)));
      }
    }

    // insert() of a slot behind all that live, after resize_for().
    void append(uint32_t slot, const T& value) {
      assert(count < capacity && !alive(slot));
      values[dense() ? slot : count] = value;
      live[slot / 64] |= uint64_t{1} << (slot % 64);
      ++count;
    }

    bool insert(uint32_t slot, const T& value) {
      if (alive(slot)) return false;
      if (!dense() && count + 1 >= dense_from) make_dense();
      if (!dense() && count == capacity) resize(std::max(least_capacity, capacity * 2));
      uint32_t place = slot;
      if (!dense()) {
        place = rank(slot);
        std::copy_backward(&values[place], &values[count], &values[count] + 1);
      }
      values[place] = value;
      live[slot / 64] |= uint64_t{1} << (slot % 64);
      ++count;
      return true;
    }

    bool erase(uint32_t slot) {
      if (!alive(slot)) return false;
      const uint32_t place = dense() ? slot : rank(slot);
      live[slot / 64] &= ~(uint64_t{1} << (slot % 64));
      --count;
      if (!dense()) std::copy(&values[place] + 1, &values[count] + 1, &values[place]);
      if (dense() && count < packed_below) make_packed();
      if (!dense() && capacity > least_capacity && count <= capacity / 4) resize(capacity / 2);
      return true;
    }

    uint32_t next(uint64_t from) const {
      for (uint64_t slot = from; slot < sequences_per_block; slot = (slot / 64 + 1) * 64) {
        const uint64_t rest = live[slot / 64] >> (slot % 64);
        if (rest != 0) return static_cast<uint32_t>(slot + std::countr_zero(rest));
      }
      return sequences_per_block;
    }

    template <class F>
    void for_each(Sequence first, F&& f) const {
      visit(*this, first, f);
    }
    template <class F>
    void for_each(Sequence first, F&& f) {
      visit(*this, first, f);
    }
    template <class Self, class F>
    static void visit(Self& self, Sequence first, F&& f) {
      uint32_t place = 0;
      using Value = std::conditional_t<std::is_const_v<Self>, const T, T>;
      for (uint32_t word = 0; word < self.live.size(); ++word) {
        for (uint64_t rest = self.live[word]; rest != 0; rest &= rest - 1) {
          const uint32_t slot = word * 64 + std::countr_zero(rest);
          f(first + slot, static_cast<Value&>(self.values[self.dense() ? slot : place++]));
        }
      }
    }

    void resize(uint32_t to) {
      assert(count <= to);
      auto moved = std::make_unique_for_overwrite<T[]>(to);
      std::copy(values.get(), values.get() + count, moved.get());
      values = std::move(moved);
      capacity = to;
    }

    void make_dense() {
      auto spread = std::make_unique_for_overwrite<T[]>(sequences_per_block);
      for_each(0, [&](Sequence slot, T& value) { spread[slot] = value; });
      values = std::move(spread);
      capacity = sequences_per_block;
    }

    void make_packed() {
      const uint32_t to = sequences_per_block / 2;
      auto packed = std::make_unique_for_overwrite<T[]>(to);
      uint32_t place = 0;
      for_each(0, [&](Sequence, T& value) { packed[place++] = value; });
      assert(place == count);
      values = std::move(packed);
      capacity = to;
    }
  };

  // A block's number and the block; none: it emptied, and the entry goes when many have.
  struct Entry {
    uint64_t number = 0;
    std::shared_ptr<Block> block;
  };

  static void assert_new(bool inserted) { assert(inserted), void(inserted); }

  // The entry's block, not shared with a copy from here on.
  Block& own(Entry& entry) {
    if (entry.block.use_count() > 1) entry.block = std::make_shared<Block>(std::as_const(*entry.block));
    return *entry.block;
  }

  size_t lower_bound(uint64_t number) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), number,
                                     [](const Entry& entry, uint64_t n) { return entry.number < n; });
    return static_cast<size_t>(at - entries_.begin());
  }

  size_t entry_of(uint64_t number) const {
    if (entries_.empty() || number < entries_.front().number || number > entries_.back().number) return npos;
    const uint64_t ahead = number - entries_.front().number;
    if (ahead < entries_.size() && entries_[ahead].number == number) return ahead;
    const uint64_t behind = entries_.back().number - number;
    if (behind < entries_.size() && entries_[entries_.size() - 1 - behind].number == number) {
      return entries_.size() - 1 - behind;
    }
    const size_t at = lower_bound(number);
    return entries_[at].number == number ? at : npos;
  }

  Block& block_for(uint64_t number) {
    if (!entries_.empty() && entries_.back().number == number) return own(entries_.back());
    size_t at = entry_of(number);
    if (at == npos) {
      at = entries_.empty() || number > entries_.back().number ? entries_.size() : lower_bound(number);
      entries_.insert(entries_.begin() + static_cast<ptrdiff_t>(at), Entry{number, std::make_shared<Block>()});
    } else if (!entries_[at].block) {
      entries_[at].block = std::make_shared<Block>();
      --vacant_;
    }
    return own(entries_[at]);
  }

  void forget_block(size_t at) {
    entries_[at].block.reset();
    ++vacant_;
    while (!entries_.empty() && !entries_.front().block) entries_.pop_front(), --vacant_;
    while (!entries_.empty() && !entries_.back().block) entries_.pop_back(), --vacant_;
    if (vacant_ <= entries_.size() / 2) return;
    std::erase_if(entries_, [](const Entry& entry) { return !entry.block; });
    vacant_ = 0;
  }

  std::deque<Entry> entries_;  // rising by number; first and last have a block
  size_t vacant_ = 0;          // entries without a block
  size_t size_ = 0;
};

}  // namespace forebay
