// Checkpoints: everything the catalog knows except where messages lie, as of one frame boundary. Truth, not
// cache: settles older than it are nowhere else once their segments are recycled. Two files take turns; a
// start goes by the newer one that is whole and replays the log from its position.
//
// Content: u64 generation, u8 clean, u64 written (Unix ms), u64 next sequence, position (u32 slot, u32
// number, u64 offset, u64 next frame), varint segments, per segment: varint slot, varint number, varint
// generation, u8 state, varint end, varint last frame, varint first sequence, varint live; varint blocks of
// 1,024 sequences, per block: varint block number less the one before, u8 form (0 full, 1 bitmap of 128
// bytes, 2 list: varint count, varint differences); varint changes, per change: varint sequence difference,
// u8 flags (1 due, 2 dead, 4 revived), u8 attempts, [varint due]; varint dead letters as dead records; varint notes as
// note records.
#pragma once

#include <string>
#include <vector>

#include "backlog/catalog.h"
#include "backlog/log_writer.h"
#include "backlog/sequence_set.h"

namespace forebay {

struct CheckpointHead {
  uint64_t generation = 0;  // of checkpoints, rising
  bool clean = false;       // written by a stop in good order: nothing follows
  int64_t written_ms = 0;
  Sequence next_sequence = 1;
  LogPosition position;
  Sequence kept_end = 1;  // no message from it on was kept by then; older checkpoints say next_sequence
};

struct CheckpointSegment {
  uint32_t slot = 0;
  SegmentTally tally;
};

struct Checkpoint {
  CheckpointHead head;
  std::vector<CheckpointSegment> segments;
  SequenceSet live;
  SequenceTable<Change> changes;
  DeadLetters dead;
  Notes notes;
};

// Ready for replace_whole(). One pass over bitmaps, no message touched.
ByteBuffer encode_checkpoint(uint32_t store_id, const CheckpointHead& head, const Catalog& catalog);
bool decode_checkpoint(std::span<const std::byte> content, Checkpoint* checkpoint);

enum class CheckpointState { good, missing, damaged, other_version };
// Reads checkpoint-a (0) or checkpoint-b (1).
CheckpointState read_checkpoint(Files& files, int which, uint32_t store_id, Checkpoint* checkpoint, uint32_t* version);

}  // namespace forebay
