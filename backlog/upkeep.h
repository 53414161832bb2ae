// Upkeep: what keeps the journal going besides messages: spare segments, index files, checkpoints, recycling,
// removal of files nobody needs, compaction. Decided on the loop thread, done by the helper.
//
// A sealed segment is recycled when nothing in it lives, every settle of its messages is synced, both
// checkpoints on disk lie behind it, its index file is written and no read of it is under way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "backlog/body_reader.h"
#include "backlog/catalog.h"
#include "backlog/checkpoint.h"
#include "backlog/committer.h"
#include "backlog/compaction.h"
#include "backlog/recovery.h"
#include "backlog/task_line.h"
#include "base/clock.h"

namespace forebay {

class Upkeep {
 public:
  struct Options {
    uint32_t store_id = 0;
    uint64_t segment_bytes = 0;
    uint64_t checkpoint_bytes = 0;
  };
  using Broken = std::function<void(const std::string&)>;
  Upkeep(Files& files, Clock& clock, const Options& options, Catalog& catalog, SegmentPool& pool, BodyReader& bodies,
         TaskLine& helper, Inbox& inbox, const Sequence& next_sequence, const Sequence& kept_end, Broken broken);

  void start(RecoveredLog& log, bool clean);
  // A commit came back: segments opened and sealed, the log's new position.
  void committed(CommitResult& result);
  // At the end of a turn, right before `group` is handed over: whatever is due. True: copies were put into
  // it.
  bool run(Group& group, Instant now);
  // When what failed is tried again, right after run().
  Instant next_run(Instant now) const;
  // What is left of room for messages, the open segment included.
  uint64_t room() const;
  bool space_short() const;  // of max_bytes, or on the disk
  Compaction& compaction() { return compaction_; }
  uint64_t open_left() const;

  // Waits for nothing: writes a checkpoint here and now. Only with the helper stopped or finished.
  int checkpoint_now(bool clean);

 private:
  struct Written {
    int error = 0;
    bool sync_failed = false;
    uint64_t bytes = 0;
  };
  void prepare_spares(Instant now);
  void write_index_of(uint32_t slot, std::function<SegmentIndex()> make);
  void checkpoint_if_due(const Group& group, Instant now);
  bool checkpoint_is_due() const;
  void write_waiting_checkpoint();
  CheckpointHead next_head(bool clean) const;
  std::vector<uint32_t> dead_segments() const;
  Written write_checkpoint(const CheckpointHead& head, ByteBuffer& bytes, const std::vector<uint32_t>& dead);
  void checkpoint_written(const CheckpointHead& head, const Written& written);
  void recycle();
  void trim(uint64_t held_back);
  bool recyclable(uint32_t slot, const SegmentTally& tally) const;
  void count_other_bytes();

  Files& files_;
  Clock& clock_;
  const Options options_;
  Catalog& catalog_;
  SegmentPool& pool_;
  BodyReader& bodies_;
  TaskLine& helper_;
  Inbox& inbox_;
  const Sequence& next_sequence_;
  const Sequence& kept_end_;
  Broken broken_;
  Compaction compaction_;

  LogPosition position_;
  uint64_t checkpoint_generation_ = 0;
  uint64_t checkpointed_frames_[2] = {0, 0};
  uint64_t checkpoint_file_bytes_ = 0;
  uint64_t new_bytes_ = 0;  // of frames, and of segments that died, since the last checkpoint
  bool checkpoint_due_ = false;
  bool checkpointing_ = false;
  // A checkpoint is a picture of the catalog, taken in one turn and encoded by the helper. It knows of
  // changes up to a batch, and is written when that batch is synced, so that a crash never finds half a
  // batch.
  struct Waiting {
    CheckpointHead head;
    uint64_t batch = 0;
  };
  std::optional<Waiting> waiting_;
  std::unique_ptr<const Catalog> picture_;  // until its checkpoint is written; made and destroyed on the loop
  uint64_t committed_batch_ = 0;
  bool preparing_ = false;
  bool disk_full_ = false;                  // the last spare found no space
  Instant prepare_from_, checkpoint_from_;  // after an error: not before
  bool trimming_ = false;
  std::map<uint32_t, uint64_t> index_bytes_;  // by slot; 0: being written
};

}  // namespace forebay
