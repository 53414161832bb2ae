#include "limiter/key_ages.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace forebay {

void KeyAges::reset(Duration reach) {
  reach_ = reach;
  width_ = reach.ns / (buckets / 2) + 1;
  linked_ = 0;
  heads_.fill(none);
  stale_.clear();
}

void KeyAges::regroup(Duration reach) {
  std::vector<uint32_t> stale = std::move(stale_);
  for (const uint32_t first : heads_) {
    if (first != none) stale.push_back(first);
  }
  reset(reach);
  stale_ = std::move(stale);
}

int64_t KeyAges::bucket_of(Instant at) const {
  const int64_t quotient = at.ns / width_;
  return at.ns % width_ < 0 ? quotient - 1 : quotient;
}

void KeyAges::link(uint32_t ref, uint32_t* next, Instant newest, Now now) {
  if (linked_++ == 0) oldest_ = bucket_of(now.steady - reach_);
  const int64_t bucket = std::clamp(bucket_of(newest), oldest_, oldest_ + buckets - 1);
  *next = head(bucket);
  head(bucket) = ref;
}

uint32_t KeyAges::due(Now now) {
  if (!stale_.empty()) return stale_.back();
  while (linked_ > 0 && due_at(oldest_) <= now.steady) {
    if (head(oldest_) != none) return head(oldest_);
    oldest_++;
  }
  return none;
}

void KeyAges::pop(uint32_t next) {
  if (stale_.empty()) {
    assert(linked_ > 0);
    linked_--;
    head(oldest_) = next;
  } else if (next == none) {
    stale_.pop_back();
  } else {
    stale_.back() = next;
  }
}

Instant KeyAges::earliest() const {
  if (!stale_.empty()) return Instant{std::numeric_limits<int64_t>::min()};
  for (int64_t i = 0; linked_ > 0 && i < buckets; i++) {
    if (heads_[static_cast<uint64_t>(oldest_ + i) % buckets] != none) return due_at(oldest_ + i);
  }
  return Instant::never();
}

}  // namespace forebay
