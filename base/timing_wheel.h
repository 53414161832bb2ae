// TimingWheel: what falls due, in order of due time, for millions of items at a few bytes each.
//
// Five levels of 256 slots, the first of 1 ms: 2^40 ms or 34 years. An item stands on the level of the
// highest byte in which its due time and the cursor differ, and comes down a level when the cursor enters its
// slot: at most four moves in its life. Slots are contiguous arrays; of the due time they keep only what the
// place does not tell, so an item takes 8 bytes on the first level and 8 + L on level L (10 for a due time an
// hour away), and 1/8 of slack at most beyond that in slots of 4 KiB and more. A drained slot gives its
// memory back.
//
// Times are milliseconds of any epoch, negative ones included. What is beyond the present 2^40 ms waits in a
// list of its own and joins the wheel when the cursor gets there.
// The clock may be set back; that takes time in proportion to what waits.
// Order: by due time, equal ones as added. Items added with a due time that has passed wait for the next
// advance(), so that no callback can keep advance() from returning.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace forebay {

class TimingWheel {
 public:
  // `now_ms`: everything before it counts as passed. Pass the time at hand: the wheel turns from there.
  explicit TimingWheel(int64_t now_ms) : cursor_(biased(now_ms)) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void add(int64_t due_ms, uint64_t item) {
    size_++;
    if (biased(due_ms) < cursor_) {
      late_.push_back({biased(due_ms), item});
    } else {
      place(biased(due_ms), item);
    }
  }

  // Hands every item due at or before `now_ms` to fn(item), in order. fn may add(). A `now_ms` before an
  // earlier one fires late items only.
  template <typename Fn>
  void advance(int64_t now_ms, Fn&& fn) {
    assert(now_ms < kLastMs);
    fire_late(fn);
    const uint64_t end = biased(now_ms) + 1;
    if (size_ == 0) {  // nothing to come down on the way
      cursor_ = std::max(cursor_, end);
      return;
    }
    while (cursor_ < end) {
      const uint64_t event = next_event();
      if (event >= end) break;
      move_to(event);
      const unsigned index = event & 255;
      if (!occupied(0, index)) continue;  // a higher slot came down
      const Slot due = take(0, index);
      move_to(event + 1);
      for (uint32_t i = 0; i < due.size(); i++) fire(due.item(0, i), fn);
    }
    if (cursor_ < end) move_to(end);
  }

  // The clock that is waited by was set back: what falls due between `now_ms` and the time it had reached,
  // whether added before or from now on, waits until then and is not late. No-op where the clock was not set
  // back.
  void set_back(int64_t now_ms) {
    if (biased(now_ms) + 1 >= cursor_) return;
    std::vector<Far> all = std::exchange(late_, {});
    all.insert(all.end(), far_.begin(), far_.end());
    far_.clear();
    for (unsigned level = 0; level < kLevels; level++) {
      for (unsigned index = 0; index < 256; index++) {
        if (!occupied(level, index)) continue;
        const uint64_t above = cursor_ >> (8 * (level + 1)) << (8 * (level + 1));
        const Slot slot = take(level, index);
        for (uint32_t i = 0; i < slot.size(); i++) {
          all.push_back({above | uint64_t{index} << (8 * level) | slot.low_bytes(level, i), slot.item(level, i)});
        }
      }
    }
    cursor_ = biased(now_ms);
    size_ = 0;
    for (const Far& item : all) add(unbiased(item.due), item.item);
  }

  // About how many items fall due before `due_ms`: exact but for the one slot in which that time lies, where they are
  // taken to be spread evenly if there are many.
  uint64_t count_before(int64_t due_ms) const {
    const uint64_t due = biased(due_ms);
    uint64_t count = 0;
    for (const Far& late : late_) count += late.due < due;
    for (const Far& far : far_) count += far.due < due;
    for (unsigned level = 0; level < kLevels && cursor_ < due; level++) {
      const bool beyond = due >> (8 * (level + 1)) != cursor_ >> (8 * (level + 1));
      const unsigned end = beyond ? 256 : due >> (8 * level) & 255;
      for (unsigned index = cursor_ >> (8 * level) & 255; index < end; index++) count += slots_[level][index].size();
      if (beyond) continue;
      return count + count_before_in(level, end, due);
    }
    return count;
  }

  // Nothing falls due before this. Exact within 256 ms of the cursor, else the start of the next slot in use.
  std::optional<int64_t> next_due_ms() const {
    if (size_ == 0) return std::nullopt;
    uint64_t least = next_event();
    for (const Far& far : late_) least = std::min(least, far.due);
    return unbiased(least);
  }

 private:
  static constexpr unsigned kLevels = 5;
  static constexpr uint64_t kNever = UINT64_MAX;
  static constexpr int64_t kLastMs = INT64_MAX - 1;

  // A grow-only array of entries of 8 + level bytes: the item, then the low bytes of its due time.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept
        : bytes_(std::exchange(other.bytes_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() { std::free(bytes_); }

    uint32_t size() const { return size_; }
    void push(unsigned level, uint64_t due, uint64_t item) {
      if (size_ == capacity_) grow(8 + level);
      unsigned char* at = bytes_ + size_t{size_} * (8 + level);
      std::memcpy(at, &item, 8);
      for (unsigned i = 0; i < level; i++) at[8 + i] = static_cast<unsigned char>(due >> (8 * i));
      size_++;
    }
    uint64_t item(unsigned level, uint32_t i) const {
      uint64_t item;
      std::memcpy(&item, bytes_ + size_t{i} * (8 + level), 8);
      return item;
    }
    uint64_t low_bytes(unsigned level, uint32_t i) const {
      const unsigned char* at = bytes_ + size_t{i} * (8 + level) + 8;
      uint64_t low = 0;
      for (unsigned k = 0; k < level; k++) low |= uint64_t{at[k]} << (8 * k);
      return low;
    }

   private:
    // realloc, not a vector: large blocks move by page tables, without a second copy alive meanwhile.
    void grow(size_t stride) {
      assert(capacity_ < UINT32_MAX / 2);
      capacity_ += capacity_ < 512 ? std::max(capacity_, 4u) : capacity_ / 8;
      bytes_ = static_cast<unsigned char*>(std::realloc(bytes_, capacity_ * stride));
      assert(bytes_ != nullptr);
    }

    unsigned char* bytes_ = nullptr;
    uint32_t size_ = 0;
    uint32_t capacity_ = 0;
  };

  struct Far {
    uint64_t due;
    uint64_t item;
  };

  // Order-preserving, so that bytes can be compared from the top.
  static uint64_t biased(int64_t ms) { return static_cast<uint64_t>(ms) ^ (uint64_t{1} << 63); }
  static int64_t unbiased(uint64_t at) { return static_cast<int64_t>(at ^ (uint64_t{1} << 63)); }

  bool occupied(unsigned level, unsigned index) const { return used_[level][index / 64] >> (index % 64) & 1; }

  // Of the slot in which `due` lies.
  uint64_t count_before_in(unsigned level, unsigned index, uint64_t due) const {
    constexpr uint32_t few = 1024;
    const Slot& slot = slots_[level][index];
    const uint64_t width = uint64_t{1} << (8 * level);
    const uint64_t low = due & (width - 1);
    if (slot.size() > few)
      return static_cast<uint64_t>(static_cast<double>(slot.size()) * (double(low) / double(width)));
    uint64_t count = 0;
    for (uint32_t i = 0; i < slot.size(); i++) count += slot.low_bytes(level, i) < low;
    return count;
  }

  Slot take(unsigned level, unsigned index) {
    used_[level][index / 64] &= ~(uint64_t{1} << (index % 64));
    return std::move(slots_[level][index]);
  }

  void place(uint64_t due, uint64_t item) {
    assert(due >= cursor_);
    const uint64_t differ = due ^ cursor_;
    const unsigned level = differ == 0 ? 0 : (63 - std::countl_zero(differ)) / 8;
    if (level >= kLevels) {
      far_.push_back({due, item});
      return;
    }
    const unsigned index = due >> (8 * level) & 255;
    slots_[level][index].push(level, due, item);
    used_[level][index / 64] |= uint64_t{1} << (index % 64);
  }

  // The start of the next slot in use. Every slot of a level starts before any of the levels above it.
  uint64_t next_event() const {
    for (unsigned level = 0; level < kLevels; level++) {
      const unsigned here = cursor_ >> (8 * level) & 255;
      for (unsigned word = here / 64; word < 4; word++) {
        uint64_t bits = used_[level][word];
        if (word == here / 64) bits &= ~uint64_t{0} << (here % 64);
        if (bits == 0) continue;
        const uint64_t index = word * 64 + std::countr_zero(bits);
        const uint64_t above = cursor_ >> (8 * (level + 1)) << (8 * (level + 1));
        return above | index << (8 * level);
      }
    }
    uint64_t least = kNever;
    for (const Far& far : far_) least = std::min(least, far.due);
    return least == kNever ? kNever : least >> (8 * kLevels) << (8 * kLevels);
  }

  // Moves the cursor to `to`, before which nothing is left, and brings down the slots it enters.
  void move_to(uint64_t to) {
    assert(to >= cursor_);
    const bool new_wheel = (to ^ cursor_) >> (8 * kLevels) != 0;
    cursor_ = to;
    if (new_wheel && !far_.empty()) {
      std::vector<Far> far = std::exchange(far_, {});
      for (const Far& f : far) place(f.due, f.item);
    }
    for (unsigned level = kLevels - 1; level > 0; level--) {
      const unsigned index = cursor_ >> (8 * level) & 255;
      if (!occupied(level, index)) continue;
      const uint64_t start = cursor_ >> (8 * level) << (8 * level);
      const Slot slot = take(level, index);
      for (uint32_t i = 0; i < slot.size(); i++) place(start | slot.low_bytes(level, i), slot.item(level, i));
    }
  }

  template <typename Fn>
  void fire_late(Fn& fn) {
    std::vector<Far> late = std::exchange(late_, {});
    std::stable_sort(late.begin(), late.end(), [](const Far& a, const Far& b) { return a.due < b.due; });
    for (const Far& l : late) fire(l.item, fn);
  }

  template <typename Fn>
  void fire(uint64_t item, Fn& fn) {
    assert(size_ > 0);
    size_--;
    fn(item);
  }

  uint64_t cursor_;  // everything due before it has fired or is in late_
  size_t size_ = 0;
  std::array<std::array<uint64_t, 4>, kLevels> used_{};
  std::array<std::array<Slot, 256>, kLevels> slots_;
  std::vector<Far> late_;
  std::vector<Far> far_;
};

}  // namespace forebay
