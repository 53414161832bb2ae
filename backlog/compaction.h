// Compaction: moves what still lives in a mostly dead segment to the end of the log, so that the segment can
// be recycled. The helper reads the segment, the loop picks what still lives there and copies it in small
// portions into the open group; once a portion is synced its messages are known to lie in their new place.
// Rate-limited, unless space is short. A segment that does not read back whole is left alone. Where copies find no
// space it pauses: nothing is gained by reading again and again.
#pragma once

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "backlog/catalog.h"
#include "backlog/group.h"
#include "backlog/record.h"
#include "backlog/task_line.h"
#include "base/time.h"

namespace forebay {

class Compaction {
 public:
  static constexpr int64_t bytes_per_second = 32 << 20;
  static constexpr uint64_t portion_bytes = 1 << 20;

  Compaction(Files& files, TaskLine& helper, Inbox& inbox, Catalog& catalog);

  // Chooses a segment if none is being worked on and enough is dead. Looks around only now and then.
  void choose(Instant now, bool space_short);
  // Copies the next portion into `group` if one is due. True: something was added.
  bool copy_some(Group& group, Instant now, bool space_short);
  // The group came back: its copies are synced, or were not written.
  void committed(const Group& group);
  // Bytes of segments emptied since the last call.
  uint64_t take_emptied_bytes() { return std::exchange(emptied_bytes_, 0); }
  bool idle() const { return state_ == State::idle; }
  Instant paused_until() const { return choose_from_; }

 private:
  enum class State { idle, reading, copying, committing };
  struct Load {
    SegmentHeader header;
    uint64_t end = 0;
    bool whole = false;
    ByteBuffer bytes;
    std::vector<std::pair<uint32_t, uint32_t>> records;  // messages: offset, length
  };

  static void read(Files& files, Load* load);
  void loaded(std::shared_ptr<Load> load);
  uint64_t copy_record(Group& group, uint32_t offset, uint32_t length);
  void leave(bool unfit);

  Files& files_;
  TaskLine& helper_;
  Inbox& inbox_;
  Catalog& catalog_;
  State state_ = State::idle;
  uint32_t turns_to_look_ = 0;
  uint64_t emptied_bytes_ = 0;
  uint32_t slot_ = 0;
  std::shared_ptr<Load> load_;
  size_t next_record_ = 0;
  std::set<uint32_t> unfit_;  // numbers of segments that did not read back, or would not be copied
  Instant refilled_;
  Instant choose_from_;  // after copies that were not written: not before
  int64_t allowance_ = 0;
  Record record_;
};

}  // namespace forebay
