// The attempts file: which messages have an attempt under way, and whether a process uses the store. Slots of 16 bytes
// (format.h). Those of messages are written and never synced: they survive kill -9 and tell a start which messages the
// crash interrupted; a power cut may lose them. The loop thread writes it, one write a turn. What a crash left stays
// until that message's next attempt is over, so that a message that crashes the process again and again is counted
// every time. The first slot is the mark of a process at work: synced before anything else happens, taken back by a
// stop in good order, so that no other end passes for one.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "backlog/byte_buffer.h"
#include "backlog/files.h"
#include "base/ids.h"

namespace forebay {

class AttemptsFile {
 public:
  struct LeftOver {
    std::unordered_map<Sequence, uint8_t> attempts;
    bool at_work = false;  // the mark is there: that process did not stop in good order
  };
  // Opens or creates it and reads what an earlier process left: the mark, sequence and attempt of every whole slot.
  int open(Files& files, LeftOver* left_over);
  // Starts over with these alone, and sets the mark, synced.
  int restart(const std::unordered_map<Sequence, uint8_t>& kept);
  // Takes the mark back, synced.
  int stopped();
  void begun(Sequence sequence, uint8_t attempt);
  void over(Sequence sequence);
  // Writes what changed since the last write that worked. An errno harms nothing: what is lost is a hint.
  int write();

 private:
  void set(uint32_t slot, Sequence sequence, uint8_t attempt);

  std::unique_ptr<File> file_;
  ByteBuffer slots_;
  std::unordered_map<Sequence, uint32_t> slot_of_;
  std::vector<uint32_t> free_;
  size_t dirty_begin_ = 0, dirty_end_ = 0;
};

}  // namespace forebay
