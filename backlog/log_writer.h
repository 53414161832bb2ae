// LogWriter: appends frames to the log, segment after segment. The commit thread's.
//
// Records are put into a frame under construction; a commit is as many frames as it takes, ended by
// end_commit(), and vouched for by sync(). After any error abandon_commit(): what was written of the commit
// never happened. A failed write leaves the log where it was: the next frame is written over it, under the
// same number.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backlog/group.h"
#include "backlog/index_file.h"
#include "backlog/segment_pool.h"

namespace forebay {

// Where the log goes on.
struct LogPosition {
  uint32_t slot = 0;
  uint32_t number = 0;  // of the segment; those with a higher one come later
  uint64_t offset = 0;
  uint64_t next_frame = 1;
};

// A segment that is written to the end, and its index.
struct SealedSegment {
  IndexHead head;
  IndexBuilder index;
};

class LogWriter {
 public:
  // Starts in a segment of its own, behind `last_number`.
  LogWriter(SegmentPool& pool, uint64_t segment_bytes, uint64_t next_frame, uint32_t last_number);

  // Makes sure that put() has room for `bytes` of one record, writing the frame under construction and
  // opening a fresh segment where needed. An errno, or 0.
  int make_room(size_t bytes, SegmentUse use);
  // How many more bytes of records the frame takes after make_room().
  size_t room() const;
  LogPlace put(std::span<const std::byte> records);
  // An errno, or 0: all that was put since the last commit is written, as one.
  int end_commit();
  void abandon_commit();
  // Nothing more goes into this segment: its disk does not take it. Between commits.
  int leave_segment(SegmentUse use);
  // Writes where the next message would be written, bytes that are no frame. Between commits. An errno, or 0.
  int probe();
  // Syncs what was written since the last time.
  int sync();

  LogPosition position() const;
  uint64_t frame_bytes_written() const { return frame_bytes_written_; }
  bool unsynced() const { return !touched_.empty(); }
  // Segments opened and sealed since the last call: slots and headers, in order.
  std::vector<SegmentHeader> take_opened() { return std::move(opened_); }
  std::vector<SealedSegment> take_sealed() { return std::move(sealed_); }

 private:
  int write_frame(bool last);
  int next_segment(SegmentUse use);
  void touch();
  void seal();
  uint64_t left() const { return active_.file ? segment_bytes_ - offset_ : 0; }

  SegmentPool& pool_;
  const uint64_t segment_bytes_;
  FreshSegment active_;
  uint64_t offset_ = 0;
  ByteBuffer frame_;
  bool first_ = true;  // the frame under construction begins a commit
  uint64_t next_frame_;
  const uint32_t last_number_;
  uint64_t last_frame_here_ = 0;
  uint64_t synced_through_ = 0;
  uint64_t frame_bytes_written_ = 0;
  IndexBuilder index_;
  std::vector<std::shared_ptr<File>> touched_;
  std::vector<SegmentHeader> opened_;
  std::vector<SealedSegment> sealed_;
};

}  // namespace forebay
