#include "backlog/key_table.h"

#include <algorithm>
#include <cassert>

namespace forebay {

KeyTable::KeyTable(const std::vector<Entry>& entries) {
  const size_t count = entries.size();
  assert(count <= UINT16_MAX);
  starts_ = std::vector<uint16_t>(std::max<size_t>(count / keys_per_bucket, 1) + 1);
  low_ = std::vector<uint8_t>(count);
  high_ = std::vector<uint8_t>((count + 1) / 2);
  records_ = std::vector<uint16_t>(count);
  for (const Entry& entry : entries) ++starts_[bucket_of(entry.key) + 1];
  for (size_t bucket = 1; bucket < starts_.size(); ++bucket) {
    starts_[bucket] = static_cast<uint16_t>(starts_[bucket] + starts_[bucket - 1]);
  }
  std::vector<uint16_t> next(starts_.begin(), starts_.end() - 1);
  for (const Entry& entry : entries) {
    const uint32_t at = next[bucket_of(entry.key)]++;
    low_[at] = static_cast<uint8_t>(entry.key);
    high_[at / 2] = static_cast<uint8_t>(high_[at / 2] | (entry.key >> 8 & 0xf) << (at % 2 * 4));
    records_[at] = entry.record;
  }
}

size_t KeyTable::memory_bytes() const {
  return starts_.capacity() * sizeof(uint16_t) + low_.capacity() + high_.capacity() +
         records_.capacity() * sizeof(uint16_t);
}

}  // namespace forebay
