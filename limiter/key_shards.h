// KeyShards: the table of all keys of a set, as one small KeyTable for a set with few keys and 256 of them for one
// with many, by the hash's highest bits: no growing step ever moves more than a 256th of the keys. A history is known
// by a Ref, which lasts until the history is erased or the table is split.
#pragma once

#include "limiter/key_table.h"

namespace forebay {

class KeyShards {
 public:
  using Ref = uint32_t;
  static constexpr Ref none = UINT32_MAX;

  explicit KeyShards(KeyMemory& memory) : heap_(memory) {}
  ~KeyShards() { clear(); }
  KeyShards(const KeyShards&) = delete;
  KeyShards& operator=(const KeyShards&) = delete;

  KeyHeap& heap() { return heap_; }
  const KeyHeap& heap() const { return heap_; }
  uint64_t size() const { return size_; }
  KeyHistory& at(Ref ref) const { return shards_[ref >> 24].at(ref & KeyTable::none); }
  // The key found last is known without looking: a send asks, takes and often settles in a row.
  Ref find(KeyHash key) const {
    assert(key != 0);
    return last_ != none && at(last_).key() == key ? last_ : look_up(key);
  }
  bool fits_another(KeyHash key) const { return shard_of(KeyTable::mix(key)).fits_another(heap_); }
  // A key that is not there; `none`: no memory.
  Ref insert(KeyHash key);
  void erase(Ref ref);
  // f(ref, history) for all.
  template <class F>
  void for_each(F&& f) const {
    for (uint32_t s = 0; s < count(); s++) {
      shards_[s].for_each([&](uint32_t index, KeyHistory& history) { f(s << 24 | index, history); });
    }
  }
  void clear();

  // One table has become large, and there is memory for many. Splitting ends every Ref.
  bool should_split() const { return !split_ && size_ >= split_from && heap_.fits(size_ * 64 + (1 << 20)); }
  void split();

 private:
  static constexpr uint32_t many = 256;
  static constexpr uint64_t split_from = 8192;

  uint32_t count() const { return split_ ? many : 1; }
  uint32_t number_of(uint64_t hash) const { return split_ ? static_cast<uint32_t>(hash >> 56) : 0; }
  const KeyTable& shard_of(uint64_t hash) const { return shards_[number_of(hash)]; }
  Ref look_up(KeyHash key) const;
  void unsplit();

  KeyHeap heap_;
  KeyTable one_;
  KeyTable* shards_ = &one_;
  bool split_ = false;
  uint64_t size_ = 0;
  mutable Ref last_ = none;  // a history that is there
};

}  // namespace forebay
