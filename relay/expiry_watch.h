// ExpiryWatch: when to look for messages whose ttl has lapsed. It watches groups of 256 neighbours, each for the
// earliest ttl of those that were told it: whoever owns the messages looks through a group that falls due and has it
// watched again for what is left there. So a message costs a twelfth of a byte and is not taken out when it is
// delivered; a group is forgotten when its time comes and nobody waits in it.
//
// Times are relay milliseconds; what lapses is looked for in steps of 100 ms, never early.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "backlog/sequence_table.h"
#include "base/ids.h"
#include "base/timing_wheel.h"

namespace forebay {

class ExpiryWatch {
 public:
  static constexpr Sequence group_size = 256;

  explicit ExpiryWatch(int64_t now_ms) : wheel_(now_ms) {}

  // The group of that message is due at `expires_ms` or before.
  void watch(Sequence sequence, int64_t expires_ms);
  // Lines up the groups that are due.
  void advance(int64_t now_ms);
  // The first sequence of a group that is due, each once; nullopt: none is left.
  std::optional<Sequence> take_due();
  // Nothing falls due before this.
  std::optional<int64_t> next_due_ms() const;

 private:
  SequenceTable<int64_t> due_ms_;  // by group; a wheel entry with another time is stale
  TimingWheel wheel_;
  std::deque<uint64_t> due_;
};

}  // namespace forebay
