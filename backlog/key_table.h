// KeyTable: which records of a key file may be those of a key. Made once, when the file is full; 3.75 bytes a key.
//
// Keys are hashes: the upper half of one says in which bucket it stands (8 keys each on average), 12 bits of the lower
// half tell it from its neighbours. So a key that is not there is named once in 512 askings, and one that is there
// costs one reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace forebay {

class KeyTable {
 public:
  struct Entry {
    uint64_t key = 0;
    uint16_t record = 0;
  };
  KeyTable() = default;
  explicit KeyTable(const std::vector<Entry>& entries);  // 65,535 at most

  // tell(record) for each that it may be.
  template <class Tell>
  void find(uint64_t key, Tell tell) const {
    if (records_.empty()) return;
    const uint32_t bucket = bucket_of(key);
    for (uint32_t i = starts_[bucket]; i < starts_[bucket + 1]; ++i) {
      if (low_[i] == (key & 0xff) && nibble(i) == (key >> 8 & 0xf)) tell(records_[i]);
    }
  }
  size_t memory_bytes() const;

 private:
  static constexpr uint32_t keys_per_bucket = 8;
  uint32_t bucket_of(uint64_t key) const { return static_cast<uint32_t>((key >> 32) * (starts_.size() - 1) >> 32); }
  uint8_t nibble(uint32_t i) const { return static_cast<uint8_t>(high_[i / 2] >> (i % 2 * 4) & 0xf); }

  std::vector<uint16_t> starts_;  // of each bucket, in the arrays below; and the end of the last
  std::vector<uint8_t> low_;      // bits 0 to 7 of each key
  std::vector<uint8_t> high_;     // bits 8 to 11, two keys a byte
  std::vector<uint16_t> records_;
};

}  // namespace forebay
