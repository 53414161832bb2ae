// The index of one segment: where each message in it lies and what must be known of it, five to eight bytes a
// message, so that a start need not read bodies. Written once, when the segment is sealed; a lost or damaged
// one costs only time, since the segment says it all again.
//
// Content: u32 slot, u32 number, u32 generation, u64 end, u64 last frame, u64 entries, u64 first sequence,
// entries. Entry, against the one before it:
//   [u8 136 and 1 key, 2 cost; u64 key; varint cost: of a message that has either]
//   u8 flags (1 sequence is one more, 2 same queue, 4 same class and max attempts, 8 follows at
//   once, 16 due, 32 due by wall clock, 64 expires, 128 same record as the one before) [not 1: zigzag
//   sequence difference] [not 128: varint length, varint length minus bytes] [neither 8 nor 128: zigzag
//   offset minus end of the one before] [not 2: varint queue] [not 4: u8 class, u8 max attempts] zigzag
//   accepted difference (ms) [16: zigzag due - accepted] [64: zigzag expires - accepted]
// 136 (8 and 128 at once) begins no other entry: what shares a record does not follow the one before.
#pragma once

#include <cstdint>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/byte_buffer.h"
#include "backlog/files.h"
#include "backlog/record.h"

namespace forebay {

struct IndexEntry {
  MessageFacts facts;
  uint32_t offset = 0;
  uint32_t length = 0;
  bool shared = false;  // not the first of its record: its bytes are counted elsewhere
};

struct IndexHead {
  uint32_t slot = 0, number = 0, generation = 0;
  uint64_t end = 0, last_frame = 0;
};

// Gathers entries in the order of the log, a few bytes each.
class IndexBuilder {
 public:
  // Every message of a frame's records; `offset` is where the records begin in the segment.
  void add_frame(std::span<const std::byte> records, uint64_t offset);
  // The message of a record, once for each receiver; it begins at `offset` of the segment.
  void add_record(const Record& record, uint32_t offset, uint32_t length);
  void add(const IndexEntry& entry);
  void clear();
  uint64_t count() const { return count_; }
  bool rising() const { return rising_; }
  const ByteBuffer& entries() const { return entries_; }
  Sequence first_sequence() const { return first_sequence_; }    // in order of the log
  Sequence lowest_sequence() const { return lowest_sequence_; }  // 0: there are none

 private:
  ByteBuffer entries_;
  IndexEntry last_;
  uint64_t count_ = 0;
  bool rising_ = true;
  Sequence first_sequence_ = 0;
  Sequence lowest_sequence_ = 0;
  Record record_;  // kept for its memory
};

// Walks entries.
class IndexCursor {
 public:
  explicit IndexCursor(std::span<const std::byte> entries) : in_(entries) {}
  bool next();  // false: the end, or malformed
  const IndexEntry& entry() const { return last_; }
  bool ok() const { return in_.ok(); }

 private:
  Decoder in_;
  IndexEntry last_;
};

// An index read or built: entries rising by sequence.
struct SegmentIndex {
  IndexHead head;
  uint64_t count = 0;
  Sequence first_sequence = 0;
  ByteBuffer bytes;
  std::span<const std::byte> entries;  // into bytes
};

// Sorted by sequence if it was not.
SegmentIndex finish_index(const IndexHead& head, IndexBuilder builder);
int write_index(Files& files, uint32_t store_id, const SegmentIndex& index);
// False: there is none for that number and generation, or it is damaged.
bool read_index(Files& files, uint32_t store_id, const IndexHead& wanted, SegmentIndex* index);

}  // namespace forebay
