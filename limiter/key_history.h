// KeyHistory: what one key sent, in 40 bytes: the cost that is out, and the stamps of what settled, oldest first. Two
// stamps live in the record itself; more of them in a ring that grows by half.
//
// Times are exact to the nanosecond. Stamps carry running totals (modulo 2^32; at most 2e9 of them are kept), so that
// "which stamp is the N-th last" is a binary search whatever the costs, and joining two stamps at the later of their
// times is leaving out the earlier one. A history that may not grow joins; it never forgets: the bound holds, the
// joined places come home late.
//
// The record is plain memory: copied freely while it moves, released by hand.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/ids.h"
#include "base/time.h"
#include "limiter/key_memory.h"

namespace forebay {

struct KeyStamp {
  uint32_t low = 0, high = 0;  // of the Instant: 8 bytes that need an alignment of 4 only
  uint32_t through = 0;        // cost up to and with this stamp

  KeyStamp() = default;
  KeyStamp(Instant at, uint32_t through_cost)
      : low(static_cast<uint32_t>(static_cast<uint64_t>(at.ns))),
        high(static_cast<uint32_t>(static_cast<uint64_t>(at.ns) >> 32)),
        through(through_cost) {}
  Instant at() const { return Instant{static_cast<int64_t>(uint64_t{high} << 32 | low)}; }
};

// The stamps of a history, wherever they lie. Good until the history changes.
struct KeyStamps {
  KeyStamp* slots = nullptr;
  uint32_t capacity = 0, head = 0, size = 0;
  uint32_t popped = 0;  // the running total before the first

  KeyStamp& operator[](uint32_t i) const { return slots[head + i < capacity ? head + i : head + i - capacity]; }
  uint32_t before(uint32_t i) const { return i == 0 ? 0 : (*this)[i - 1].through - popped; }
  uint32_t total() const { return before(size); }
  uint32_t cost(uint32_t i) const { return before(i + 1) - before(i); }
  void drop_front(uint32_t count) {
    popped += before(count);
    leave_out_front(count);
  }
  // The same, but their cost goes to the stamp that is then the first.
  void leave_out_front(uint32_t count) {
    head = head + count < capacity ? head + count : head + count - capacity;
    size -= count;
  }
  // The latest stamp that, with all after it, comes to more than `budget`. Only when total() > budget.
  uint32_t last_above(uint32_t budget) const;
};

class KeyHistory {
 public:
  explicit KeyHistory(KeyHash key)
      : key_low_(static_cast<uint32_t>(key)), key_high_(static_cast<uint32_t>(key >> 32)), out_(0), shape_(0) {}

  KeyHash key() const { return uint64_t{key_high_} << 32 | key_low_; }
  uint32_t& link() { return link_; }  // whoever has this record in a list
  uint32_t out() const { return out_; }
  void set_out(uint64_t cost) {
    assert(cost < 1u << 30);
    out_ = static_cast<uint32_t>(cost) & ((1u << 30) - 1);
  }
  KeyStamps stamps() const;

  // How coarse times may become with their age, when the history may not grow.
  struct Grains {
    virtual ~Grains() = default;
    // For a stamp that is `age` older than the newest, in a history of `size` stamps: half of them are left at most.
    virtual Duration grain(Duration age, uint32_t size) const = 0;
  };

  // A send of that cost settled at `at`, which may lie before other stamps. Dropped are stamps at or before `by`, and
  // those after which there is already a cost of `enough`: at most `enough` are kept, and never more than stamps_max.
  void push(Instant at, uint32_t cost, Instant by, uint32_t enough, const Grains& grains, KeyHeap& heap);
  // Drops those at or before `by`.
  void trim(Instant by);
  // Memory that is not needed any more goes back.
  void shrink(KeyHeap& heap);
  void release(KeyHeap& heap);

 private:
  struct Ring;
  static constexpr uint32_t ring = 3;
  static constexpr uint32_t stamps_max = 4096;
  static constexpr uint32_t inside_max = 2;

  Ring* get_ring() const;
  void set_ring(Ring* to);
  void store(const KeyStamps& stamps);
  bool move_to(uint32_t capacity, KeyHeap& heap);
  bool grow(uint32_t size_max, KeyHeap& heap);
  bool join_some(Instant at, const Grains& grains);

  uint32_t key_low_, key_high_;
  uint32_t link_ = 0;
  uint32_t out_ : 30;   // a count is at most 1e9
  uint32_t shape_ : 2;  // how many stamps are inside; `ring`: inside_ is a pointer
  KeyStamp inside_[inside_max];
};
static_assert(sizeof(KeyHistory) == 40);

inline uint32_t KeyStamps::last_above(uint32_t budget) const {
  const uint32_t all = total();
  assert(all > budget);
  if (all == size) return size - 1 - budget;  // every cost is 1
  // The last i whose before(i) is below all - budget; before(0) always is.
  uint32_t low = 0, high = size - 1;
  while (low < high) {
    const uint32_t middle = low + (high - low + 1) / 2;
    if (before(middle) < all - budget) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

struct KeyHistory::Ring {
  uint32_t capacity, head, size, popped;
  KeyStamp* slots() { return reinterpret_cast<KeyStamp*>(this + 1); }
  static uint64_t bytes(uint32_t capacity) { return sizeof(Ring) + uint64_t{capacity} * sizeof(KeyStamp); }
};

inline KeyHistory::Ring* KeyHistory::get_ring() const {
  Ring* pointer;
  std::memcpy(&pointer, static_cast<const void*>(inside_), sizeof pointer);
  return pointer;
}

inline void KeyHistory::set_ring(Ring* to) {
  std::memcpy(static_cast<void*>(inside_), &to, sizeof to);
  shape_ = ring;
}

inline KeyStamps KeyHistory::stamps() const {
  if (shape_ != ring) return {const_cast<KeyStamp*>(inside_), inside_max, 0, shape_, 0};
  Ring* r = get_ring();
  return {r->slots(), r->capacity, r->head, r->size, r->popped};
}

}  // namespace forebay
