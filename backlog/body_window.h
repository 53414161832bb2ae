// BodyWindow: stretches of segments held in memory, oldest out first, so that a message that was just
// appended or just read ahead is not read again. The loop thread's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "backlog/byte_buffer.h"
#include "backlog/catalog.h"

namespace forebay {

class BodyWindow {
 public:
  explicit BodyWindow(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // Bytes [offset, offset + bytes.size()) of a slot; `owner` keeps them alive.
  void keep(uint32_t slot, uint32_t offset, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  // The record's bytes and their owner; empty: not held.
  std::pair<std::span<const std::byte>, std::shared_ptr<const void>> find(const Place& place) const;
  // The slot is going to hold something else.
  void forget(uint32_t slot);
  uint64_t bytes() const { return bytes_; }
  uint64_t bytes_max() const { return bytes_max_; }

 private:
  using Key = std::pair<uint32_t, uint32_t>;  // slot, offset
  struct Stretch {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
    uint64_t age = 0;
  };
  void drop(std::map<Key, Stretch>::iterator at);

  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  uint64_t next_age_ = 0;
  std::map<Key, Stretch> stretches_;
  std::deque<std::pair<Key, uint64_t>> order_;
};

}  // namespace forebay
