// KeyMemory: the bytes that the history of all keys of all sets may take together (config `key_memory`), and KeyHeap,
// through which one set takes its share. Every byte that grows with the keys comes through a KeyHeap: records, tables,
// rings and their directories, each counted as the C library rounds it up.
//
// Invariant: bytes_used is the sum of all heaps' bytes, and at most bytes_max. A reserve (an eighth of it, 512 KiB at
// most) is for one case: two sets are asked about the same send, both have room, and the first to take has filled it.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace forebay {

struct KeyMemory {
  uint64_t bytes_max;
  uint64_t bytes_used = 0;
};

class KeyHeap {
 public:
  explicit KeyHeap(KeyMemory& memory) : memory_(memory) {}
  ~KeyHeap() { assert(bytes_ == 0); }
  KeyHeap(const KeyHeap&) = delete;
  KeyHeap& operator=(const KeyHeap&) = delete;

  // What an allocation of that size takes of the machine: glibc's 8 bytes of header, steps of 16, and whole pages
  // for what is mapped.
  static uint64_t weight(uint64_t bytes) {
    return bytes < mapped_from ? (bytes + 8 + 15) / 16 * 16 : (bytes + 16 + 4095) / 4096 * 4096;
  }

  // Is there room for allocations that weigh so much together?
  bool fits(uint64_t weight) const {
    const uint64_t most = memory_.bytes_max - std::min(memory_.bytes_max / 8, reserve_max);
    return memory_.bytes_used <= most && weight <= most - memory_.bytes_used;
  }

  // false: what was promised room gets it, from the reserve.
  void set_bounded(bool bounded) { bounded_ = bounded; }

  // Zeroed; null when there is no room.
  void* take(uint64_t bytes) {
    if (bounded_ && !fits(weight(bytes))) return nullptr;
    void* block = std::calloc(1, bytes);
    if (block != nullptr) count(weight(bytes));
    return block;
  }
  void give_back(void* block, uint64_t bytes) {
    if (block == nullptr) return;
    std::free(block);
    assert(bytes_ >= weight(bytes) && memory_.bytes_used >= weight(bytes));
    bytes_ -= weight(bytes);
    memory_.bytes_used -= weight(bytes);
  }

  uint64_t bytes() const { return bytes_; }

 private:
  static constexpr uint64_t mapped_from = 128 * 1024;
  static constexpr uint64_t reserve_max = 512 * 1024;

  void count(uint64_t weight) {
    bytes_ += weight;
    memory_.bytes_used += weight;
  }

  KeyMemory& memory_;
  uint64_t bytes_ = 0;
  bool bounded_ = true;
};

}  // namespace forebay
