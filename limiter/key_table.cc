#include "limiter/key_table.h"

namespace forebay {

uint32_t KeyTable::find(KeyHash key, uint64_t hash) const {
  if (slots_size_ == 0) return none;
  const uint32_t fingerprint = static_cast<uint32_t>(hash) << 24;
  for (uint32_t i = home(hash); slots_[i] != 0; i = (i + 1) & (slots_size_ - 1)) {
    if ((slots_[i] & ~index_mask) != fingerprint) continue;
    const uint32_t index = (slots_[i] & index_mask) - 1;
    if (slab_.at(index).key() == key) return index;
  }
  return none;
}

bool KeyTable::fits_another(const KeyHeap& heap) const {
  const uint64_t slots = must_grow() ? KeyHeap::weight(grown() * sizeof(uint32_t)) : 0;
  const uint64_t record = slab_.weight_of_next();
  return record != UINT64_MAX && heap.fits(record + slots);
}

void KeyTable::place(uint32_t index, uint64_t hash) {
  uint32_t i = home(hash);
  while (slots_[i] != 0) i = (i + 1) & (slots_size_ - 1);
  slots_[i] = slot_of(index, hash);
}

// By the records in order of memory rather than by the old slots: no cache miss a key.
bool KeyTable::resize(uint32_t slots, KeyHeap& heap) {
  auto* fresh = static_cast<uint32_t*>(heap.take(slots * sizeof(uint32_t)));
  if (fresh == nullptr) return false;
  heap.give_back(slots_, slots_size_ * sizeof(uint32_t));
  slots_ = fresh;
  slots_size_ = slots;
  slab_.for_each([this](uint32_t index, const KeyHistory& record) { place(index, mix(record.key())); });
  return true;
}

uint32_t KeyTable::insert(KeyHash key, uint64_t hash, KeyHeap& heap) {
  if (must_grow() && !resize(grown(), heap)) return none;
  const uint32_t index = slab_.insert(key, heap);
  if (index == none) return none;
  place(index, hash);
  size_++;
  return index;
}

void KeyTable::erase(uint32_t index, KeyHeap& heap) {
  const uint32_t mask = slots_size_ - 1;
  const uint64_t hash = mix(slab_.at(index).key());
  uint32_t gap = home(hash);
  while (slots_[gap] != slot_of(index, hash)) gap = (gap + 1) & mask;
  for (uint32_t i = (gap + 1) & mask; slots_[i] != 0; i = (i + 1) & mask) {
    const uint32_t wants = home(mix(slab_.at((slots_[i] & index_mask) - 1).key()));
    if (((i - wants) & mask) < ((i - gap) & mask)) continue;  // it would be before its home
    slots_[gap] = slots_[i];
    gap = i;
  }
  slots_[gap] = 0;
  slab_.at(index).release(heap);
  slab_.erase(index, heap);
  size_--;
  if (slots_size_ > slots_min && size_ < slots_size_ / 8) resize(slots_size_ / 2, heap);
}

void KeyTable::clear(KeyHeap& heap) {
  slab_.for_each([&heap](uint32_t, KeyHistory& record) { record.release(heap); });
  slab_.clear(heap);
  heap.give_back(slots_, slots_size_ * sizeof(uint32_t));
  slots_ = nullptr;
  slots_size_ = size_ = 0;
}

}  // namespace forebay
