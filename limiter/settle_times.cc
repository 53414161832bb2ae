#include "limiter/settle_times.h"

#include <cassert>
#include <utility>

namespace forebay {

bool SettleTimes::joins(int64_t earlier, int64_t later) const {
  if (earlier == later) return true;
  return grain_.ns > 0 && earlier / grain_.ns == later / grain_.ns;
}

void SettleTimes::grow() {
  std::vector<Entry> wider(ring_.empty() ? 16 : ring_.size() * 2);
  for (size_t i = 0; i < size_; i++) wider[i] = slot(i);
  ring_ = std::move(wider);
  head_ = 0;
}

void SettleTimes::push(Instant at, uint64_t count) {
  assert(count > 0 && !at.is_never());
  pushed_ += count;
  if (size_ > 0 && slot(size_ - 1).at <= at.ns && joins(slot(size_ - 1).at, at.ns)) {
    slot(size_ - 1) = {at.ns, pushed_};
    return;
  }
  if (size_ == ring_.size()) grow();
  size_t i = size_++;
  for (; i > 0 && slot(i - 1).at > at.ns; i--) slot(i) = {slot(i - 1).at, slot(i - 1).through + count};
  slot(i) = {at.ns, (i > 0 ? slot(i - 1).through : popped_) + count};
}

SettleTimes::Group SettleTimes::entry(size_t i) const {
  assert(i < size_);
  return {Instant{slot(i).at}, slot(i).through - (i > 0 ? slot(i - 1).through : popped_)};
}

void SettleTimes::pop_front() {
  assert(size_ > 0);
  popped_ = slot(0).through;
  head_ = (head_ + 1) & (ring_.size() - 1);
  size_--;
}

Instant SettleTimes::nth(uint64_t n) const {
  assert(n >= 1 && n <= count());
  size_t low = 0, high = size_ - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (slot(middle).through - popped_ >= n) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Instant{slot(low).at};
}

uint64_t SettleTimes::by(Instant at) const {
  size_t low = 0, high = size_;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (slot(middle).at <= at.ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? 0 : slot(low - 1).through - popped_;
}

void SettleTimes::clear() {
  popped_ = pushed_;
  size_ = 0;
}

}  // namespace forebay
