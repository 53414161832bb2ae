// KeySlab: a pool of history records, each known by a small index that does not change. It grows by chunks of 32, so
// that growing never copies a record, and a chunk without records goes back to the heap.
//
// Memory beyond the records: 16 bytes of glibc's and 16 of ours a chunk, and its place in the directory: 1.3 bytes a
// record.
#pragma once

#include <algorithm>

#include "limiter/key_history.h"

namespace forebay {

class KeySlab {
 public:
  static constexpr uint32_t none = (1u << 24) - 1;

  KeySlab() = default;
  KeySlab(const KeySlab&) = delete;
  KeySlab& operator=(const KeySlab&) = delete;

  KeyHistory& at(uint32_t index) const { return chunk(index / chunk_records)->records()[index % chunk_records]; }
  // What the heap must have for one record more; UINT64_MAX: there are 16 million.
  uint64_t weight_of_next() const;
  // `none`: the heap is full.
  uint32_t insert(KeyHash key, KeyHeap& heap);
  // The record's own memory is released first.
  void erase(uint32_t index, KeyHeap& heap);
  // f(index, record) for all, in order of memory.
  template <class F>
  void for_each(F&& f) const {
    for (uint32_t c = 0; c < chunks_; c++) {
      if (is_hole(c)) continue;
      for (uint32_t i = 0; i < chunk_records; i++) {
        KeyHistory& record = chunk(c)->records()[i];
        if (record.key() != 0) f(c * chunk_records + i, record);
      }
    }
  }
  void clear(KeyHeap& heap);

 private:
  static constexpr uint32_t chunk_records = 32;
  static constexpr uint32_t chunks_max = none / chunk_records;
  static constexpr uint32_t nothing = UINT32_MAX;

  // Chunks with a free record are a list in both directions; free records are one through their links.
  struct Chunk {
    uint16_t live, free;
    uint32_t before, after, unused;
    KeyHistory* records() { return reinterpret_cast<KeyHistory*>(this + 1); }
    static constexpr uint64_t bytes() { return sizeof(Chunk) + chunk_records * sizeof(KeyHistory); }
  };

  // A place of the directory: a chunk, or (odd) the next place without one.
  Chunk* chunk(uint32_t place) const { return reinterpret_cast<Chunk*>(directory_[place]); }
  bool is_hole(uint32_t place) const { return (directory_[place] & 1) != 0; }
  bool is_full() const { return open_ == nothing && hole_ == nothing && chunks_ == chunks_max; }
  bool has_place() const { return hole_ != nothing || chunks_ < room_; }
  uint32_t room_next() const { return room_ == 0 ? 4 : std::min(room_ + room_ / 2, chunks_max); }
  bool widen(KeyHeap& heap);
  bool add_chunk(KeyHeap& heap);
  void drop_chunk(uint32_t place, KeyHeap& heap);
  void open(uint32_t place);
  void close(uint32_t place);

  uintptr_t* directory_ = nullptr;
  uint32_t chunks_ = 0, room_ = 0;  // places in use, holes among them, and places there are
  uint32_t hole_ = nothing;
  uint32_t open_ = nothing;
};

}  // namespace forebay
