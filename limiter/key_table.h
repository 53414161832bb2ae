// KeyTable: histories by key. Open addressing with linear probing; a slot is 8 bits of the hash and 24 bits of the
// record's index, so that a probe that misses seldom touches a record. Fuller than 3/4 it doubles, emptier than 1/8 it
// halves. Erasing shifts back what follows: no tombstones.
#pragma once

#include "limiter/key_slab.h"

namespace forebay {

class KeyTable {
 public:
  static constexpr uint32_t none = KeySlab::none;

  // Keys may be anything (1, 2, 3 in a test): every bit of the result depends on every bit of the key.
  static uint64_t mix(KeyHash key) {
    uint64_t h = (key ^ key >> 32) * 0x9E3779B97F4A7C15ull;
    h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9ull;
    return h ^ h >> 32;
  }

  uint32_t size() const { return size_; }
  KeyHistory& at(uint32_t index) const { return slab_.at(index); }
  uint32_t find(KeyHash key, uint64_t hash) const;
  // Is there memory for one key more?
  bool fits_another(const KeyHeap& heap) const;
  // A key that is not there. `none`: no memory.
  uint32_t insert(KeyHash key, uint64_t hash, KeyHeap& heap);
  void erase(uint32_t index, KeyHeap& heap);
  template <class F>
  void for_each(F&& f) const {
    slab_.for_each(f);
  }
  void clear(KeyHeap& heap);

 private:
  static constexpr uint32_t index_mask = KeySlab::none;  // an index and 1; 0: the slot is free
  static constexpr uint32_t slots_min = 16;

  // The shards go by the highest bits of a hash, the slots by the middle ones, the fingerprint by the lowest.
  uint32_t home(uint64_t hash) const { return static_cast<uint32_t>(hash >> 20) & (slots_size_ - 1); }
  static uint32_t slot_of(uint32_t index, uint64_t hash) { return static_cast<uint32_t>(hash) << 24 | (index + 1); }
  bool must_grow() const { return slots_size_ == 0 || (size_ + 1) * uint64_t{4} > slots_size_ * uint64_t{3}; }
  uint32_t grown() const { return slots_size_ == 0 ? slots_min : slots_size_ * 2; }
  bool resize(uint32_t slots, KeyHeap& heap);
  void place(uint32_t index, uint64_t hash);

  KeySlab slab_;
  uint32_t* slots_ = nullptr;
  uint32_t slots_size_ = 0;  // a power of two, or 0
  uint32_t size_ = 0;
};

}  // namespace forebay
