// Recovery: from the files of a store to the catalog. Two things are written: segments of a commit that never
// finished are blanked, so that what is cut off can never come back; and frames that nothing vouches for are
// written again and synced before they are believed. (They may be in the page cache only: after a failed sync
// the kernel takes them for clean, and a later sync that succeeds proves nothing.)
//
// 1. The newer whole checkpoint tells what lives, and from which frame on the log must be read.
// 2. Every segment from there on is read, in order. A chain of frames ends where the next is not whole. It is
// a
//    torn tail, and cut, unless something written later vouches for what is missing (a frame's `synced
//    through`, or the checkpoint's position): then it is corruption, the segment is quarantined and all good
//    frames in it and behind it are served. Commits count whole: frames of one that has no last frame never
//    happened.
// 3. Where the living lie comes from the segments' index files, or from reading a segment that has none.
// 4. The living are told in rising order, each once, attempts that a crash interrupted counted.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "backlog/attempts_file.h"
#include "backlog/catalog.h"
#include "backlog/checkpoint.h"
#include "backlog/index_file.h"
#include "backlog/segment.h"
#include "backlog/store_file.h"

namespace forebay {

struct RecoveryReport {
  bool clean = true;  // stopped in good order, nothing to complain about
  uint64_t torn_tails = 0, quarantined_segments = 0, missing_segments = 0;
  uint64_t lost_messages = 0;  // known to live, and nowhere to be found
  uint64_t replayed_frames = 0;
  std::vector<std::string> complaints;  // for the log, one line each
};

// What the log goes on from.
struct RecoveredLog {
  Sequence next_sequence = 1;
  Sequence kept_end = 1;  // no message from it on was ever kept
  uint64_t next_frame = 1;
  uint32_t last_number = 0;  // of the segments of the log
  uint32_t next_number = 1;  // for the next segment made
  uint32_t next_slot = 1;
  size_t segment_files = 0;
  std::vector<FreeSlot> free;
  std::vector<SegmentIndex> unwritten;  // indexes of segments that have none on disk
  uint64_t checkpoint_generation = 0;
  uint64_t checkpointed_frames[2] = {0, 0};       // the next frame of checkpoint-a and -b; 0: there is none
  std::unordered_map<Sequence, uint8_t> crashed;  // whose attempt a crash interrupted, and which one it was
};

class Recovery {
 public:
  // A step that sequences may have been handed out ahead of what is on disk.
  static constexpr Sequence unclean_jump = 1 << 24;

  Recovery(Files& files, const StoreFile& store) : files_(files), store_(store) {}
  // An errno with `error` in words (a format this program does not read, an unreadable directory), or 0.
  // `recovered` is told a block of sequences at a time, while the next are still on disk.
  using Recovered = std::function<void(std::span<const RecoveredMessage>)>;
  int run(const AttemptsFile::LeftOver& left_over, Catalog* catalog, const Recovered& recovered, RecoveredLog* log,
          RecoveryReport* report, std::string* error);

 private:
  struct OnDisk {
    SegmentHeader header;
    uint64_t file_bytes = 0;
    const SegmentTally* listed = nullptr;               // by the checkpoint
    bool indexed = false;                               // `index` is set
    std::vector<std::pair<uint64_t, uint32_t>> frames;  // replayed: number, offset
    SegmentIndex index;
    SegmentTally tally;
  };
  struct Source;
  // The messages of one block of sequences on their way into the catalog.
  struct Placing {
    uint64_t number = UINT64_MAX;               // of the block
    const SequenceSet::Bitmap* live = nullptr;  // of the block; nullptr: nothing lives there
    Sequence last = 0;                          // the sequence last looked at …
    uint32_t last_segment = 0;                  // … and the number of its segment
    std::vector<Catalog::Placed> places;
    std::vector<RecoveredMessage> messages;  // of the same
  };

  int read_checkpoints();
  int read_segments();
  int read_segment_file(uint32_t slot);
  void classify();
  void miss_predecessors();
  void replay();
  bool replay_one(size_t at);
  void accept(OnDisk& segment, const std::vector<FoundFrame>& frames, bool corrupt);
  bool vouched_for(size_t at, const std::vector<FoundFrame>& here);
  void blame_gap(uint64_t found);
  void discard_from(size_t at);
  int make_durable();
  bool is_unused(const OnDisk& segment, File& file);
  void index_frame(const FoundFrame& frame, bool apply_too, IndexBuilder* builder);
  void take(const FrameView& frame, bool corrupt);
  void end_commits(bool corrupt);
  void apply(std::span<const std::byte> records, uint64_t frame);
  Change changed(Sequence sequence) const;
  void change(Sequence sequence, const Change& to);
  void complain_of_records(uint64_t frame);
  void apply(const Record& record);
  bool load(OnDisk& segment);
  void merge(std::vector<Source>& sources, const Recovered& recovered);
  void tell_of_the_lost();
  void place_all(const Recovered& recovered);
  void place(const SegmentHeader& segment, const IndexEntry& entry, const Recovered& recovered);
  void hand_over_block(const Recovered& recovered);
  void apply_changes(std::span<RecoveredMessage> block);
  void apply_attempts(std::span<RecoveredMessage> block);
  void quarantine(OnDisk& segment, const std::string& why);
  void complain(std::string what);
  int open(const SegmentHeader& header, std::unique_ptr<File>* file);

  Files& files_;
  const StoreFile& store_;
  std::map<Sequence, uint8_t> attempts_;
  Catalog* catalog_ = nullptr;
  RecoveredLog* log_ = nullptr;
  RecoveryReport* report_ = nullptr;
  std::string* error_ = nullptr;

  bool have_checkpoint_ = false;
  Checkpoint checkpoint_;
  std::vector<OnDisk> segments_;   // in order of number
  std::vector<size_t> replayed_;   // places in segments_
  std::vector<uint32_t> missing_;  // numbers the checkpoint lists with life in them
  std::vector<SequenceRun> settled_;
  Sequence highest_sequence_ = 0;
  uint64_t expected_ = 0;     // the next frame's number; 0: any
  bool torn_before_ = false;  // the last segment with frames ended in a broken one
  size_t last_with_frames_ = SIZE_MAX;
  uint64_t vouched_ = 0;  // the highest frame known to be synced
  int write_error_ = 0;
  uint64_t placed_ = 0;
  Placing placing_;
  std::vector<std::pair<uint64_t, ByteBuffer>> unfinished_;  // frames of a commit whose last one is to come
  ByteBuffer bytes_;
  Record record_;
};

}  // namespace forebay
