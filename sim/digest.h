// Digest: one number for a whole run. Two runs that did the same at the same times have the same digest; XXH3 over a
// row of 32 bytes for each event.
#pragma once

#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace forebay::sim {

class Digest {
 public:
  enum class Row : uint8_t { came = 1, accepted, refused, sent, arrived, ended, finished, dead, crashed, restarted };

  void add(Row row, Instant at, uint64_t what, uint64_t detail = 0) {
    rows_[used_++] = {static_cast<uint64_t>(row), static_cast<uint64_t>(at.ns), what, detail};
    if (used_ == rows_.size()) fold();
  }
  uint64_t value() {
    fold();
    return value_;
  }

 private:
  // Each fold is seeded with what came before it.
  void fold() {
    if (used_ > 0) value_ = XXH3_64bits_withSeed(rows_.data(), used_ * sizeof(rows_[0]), value_);
    used_ = 0;
  }

  std::array<std::array<uint64_t, 4>, 128> rows_;
  size_t used_ = 0;
  uint64_t value_ = 0;
};

}  // namespace forebay::sim
