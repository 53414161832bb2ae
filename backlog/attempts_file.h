// The attempts file: which messages have an attempt under way, and whether a process uses the store. Slots of 16 bytes
// (format.h). Those of messages are written and never synced: they survive kill -9 and tell a start which messages the
// crash interrupted; a power cut may lose them. The loop thread writes it, one write a turn. What a crash left stays
// until that message's next attempt is over, so that a message that crashes the process again and again is counted
// every time. An attempt that is over keeps its slot until the batch is committed in which its end was gathered: until
// then a start knows of the attempt alone, and must not take it for one that never was. The first slot is the mark of a
// process at work: synced before anything else happens, taken back by a stop in good order, so that no other end passes
// for one.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
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
  // Its end is in that batch.
  void over(Sequence sequence, uint64_t batch);
  // That batch is committed, and those before it.
  void committed(uint64_t batch);
  // Nothing was gathered into that batch, the open one: what is over in it left no trace that would have to be waited
  // for.
  void left_empty(uint64_t batch);
  // Writes what changed since the last write that worked. An errno harms nothing: what is lost is a hint.
  int write();

 private:
  void set(uint32_t slot, Sequence sequence, uint8_t attempt);

  std::unique_ptr<File> file_;
  ByteBuffer slots_;
  struct Place {
    uint32_t slot = 0;
    uint64_t over_in = 0;  // the batch with its end; 0: it is under way
  };
  std::unordered_map<Sequence, Place> places_;
  std::deque<std::pair<uint64_t, Sequence>> over_;  // by batch
  uint64_t committed_ = 0;                          // the last batch that was
  std::vector<uint32_t> free_;
  size_t dirty_begin_ = 0, dirty_end_ = 0;
};

}  // namespace forebay
