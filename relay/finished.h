// Finished: how messages ended, for those who ask soon after. Bounded by age and by memory; what falls out is
// "forgotten". Not durable: a restart forgets all of it.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <optional>

#include "backlog/backlog.h"
#include "base/ids.h"

namespace forebay {

struct FinishedMessage {
  Settlement how = Settlement::delivered;
  bool was_dead = false;  // it left the dead-letter store
  uint8_t attempts = 0;
  QueueId queue = 0;
  uint16_t status = 0;  // HTTP status of the last reply; 0: none
};

class Finished {
 public:
  Finished(int64_t retention_ms, uint64_t memory_bytes)
      : retention_ms_(retention_ms), count_max_(memory_bytes / bytes_each) {}

  void add(Sequence sequence, FinishedMessage message, int64_t now_ms) {
    forget_until(now_ms);
    if (count_max_ == 0) return;
    if (by_age_.size() >= count_max_) drop_oldest();
    if (messages_.emplace(sequence, message).second) by_age_.push_back({sequence, now_ms});
  }

  std::optional<FinishedMessage> find(Sequence sequence, int64_t now_ms) {
    forget_until(now_ms);
    const auto found = messages_.find(sequence);
    if (found == messages_.end()) return std::nullopt;
    return found->second;
  }

 private:
  struct Aged {
    Sequence sequence;
    int64_t at_ms;
  };
  // A map slot at a load factor of 7/16 to 7/8 with its control byte, and the Aged entry.
  static constexpr uint64_t bytes_each = 2 * (sizeof(Sequence) + sizeof(FinishedMessage) + 1) + sizeof(Aged);

  void forget_until(int64_t now_ms) {
    while (!by_age_.empty() && by_age_.front().at_ms + retention_ms_ <= now_ms) drop_oldest();
  }
  void drop_oldest() {
    messages_.erase(by_age_.front().sequence);
    by_age_.pop_front();
  }

  int64_t retention_ms_;
  uint64_t count_max_;
  absl::flat_hash_map<Sequence, FinishedMessage> messages_;
  std::deque<Aged> by_age_;
};

}  // namespace forebay
