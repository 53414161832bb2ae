// JournalRoom: whether the backlog takes more messages, and what to tell those who are refused: which bound is reached,
// and when to come back. A publish is refused as a whole. It remembers that it refused until there is room again, and
// says so in the log once at either end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backlog/backlog.h"
#include "config/config.h"
#include "doors/intake.h"
#include "relay/core.h"

namespace forebay {

class JournalRoom {
 public:
  JournalRoom(Core& core, Backlog& backlog, const Config& config)
      : core_(core), backlog_(backlog), max_bytes_(config.max_bytes), segment_bytes_(config.journal.segment_bytes) {}

  // None: there is room for so many messages of so many bytes in all. Else the refusal, and the backlog's errno.
  std::optional<Problem> refusal(uint64_t bytes, size_t messages, Now now, int* error);
  // Once a turn, and before somebody is told: has the refusing come to an end?
  void look_again();
  // In words; empty: nothing is refused for max_bytes.
  std::string refusing_because() const;

 private:
  Problem full_problem(Now now) const;

  Core& core_;
  Backlog& backlog_;
  const uint64_t max_bytes_, segment_bytes_;
  uint64_t refused_bytes_ = 0;  // the least that was refused; 0: nothing is
};

}  // namespace forebay
