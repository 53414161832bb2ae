// SequenceSet: which sequences are alive, a bit each, while a store is being recovered. Looking up rising
// sequences touches the same block again and again and costs next to nothing.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>

#include "base/ids.h"

namespace forebay {

class SequenceSet {
 public:
  static constexpr uint32_t sequences_per_block = 1024;
  using Bitmap = std::array<uint64_t, sequences_per_block / 64>;

  void insert(Sequence sequence) { bitmap(sequence)[word(sequence)] |= bit(sequence); }
  void erase(Sequence sequence) {
    if (contains(sequence)) bitmap(sequence)[word(sequence)] &= ~bit(sequence);
  }
  // All of [first, first + count), looking only at blocks that are there.
  void erase_run(Sequence first, uint64_t count) {
    const Sequence last = first + (count - 1);
    for (auto at = blocks_.lower_bound(first / sequences_per_block);
         at != blocks_.end() && at->first <= last / sequences_per_block; ++at) {
      const Sequence start = at->first * sequences_per_block;
      const uint64_t begin = first > start ? first - start : 0;
      const uint64_t end = std::min<uint64_t>(last - start, sequences_per_block - 1);
      for (uint64_t slot = begin; slot <= end; ++slot) at->second[slot / 64] &= ~bit(slot);
    }
  }
  bool contains(Sequence sequence) const {
    if (sequence / sequences_per_block != cached_number_ || !cached_) {
      const auto at = blocks_.find(sequence / sequences_per_block);
      if (at == blocks_.end()) return false;
      cached_number_ = at->first;
      cached_ = &at->second;
    }
    return (*cached_)[word(sequence)] & bit(sequence);
  }
  // The bits of the block that begins at `first`, a multiple of 1,024; put there if it was not.
  Bitmap& bitmap(Sequence first) {
    const uint64_t number = first / sequences_per_block;
    if (number != written_number_ || !written_) {
      written_ = &blocks_[number];
      written_number_ = number;
    }
    return *written_;
  }
  // The bits of the block of that sequence; nullptr: nothing in it lives.
  const Bitmap* find(Sequence sequence) const {
    const auto at = blocks_.find(sequence / sequences_per_block);
    return at == blocks_.end() ? nullptr : &at->second;
  }
  static bool contains(const Bitmap& bits, Sequence sequence) { return bits[word(sequence)] & bit(sequence); }
  uint64_t size() const {
    uint64_t count = 0;
    for (const auto& [number, bitmap] : blocks_) {
      for (const uint64_t bits : bitmap) count += static_cast<uint64_t>(std::popcount(bits));
    }
    return count;
  }

 private:
  static uint32_t word(Sequence sequence) { return sequence % sequences_per_block / 64; }
  static uint64_t bit(Sequence sequence) { return uint64_t{1} << (sequence % 64); }

  std::map<uint64_t, Bitmap> blocks_;
  mutable uint64_t cached_number_ = 0;
  mutable const Bitmap* cached_ = nullptr;
  uint64_t written_number_ = 0;
  Bitmap* written_ = nullptr;
};

}  // namespace forebay
