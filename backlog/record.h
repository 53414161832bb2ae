// Records: what the journal says about messages, one behind another inside a frame (layouts: format.h).
// Writing appends to a buffer and allocates nothing else. Reading trusts nothing: a record that does not
// parse ends the reading with ok() false. Strings handed out point into the bytes read.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/byte_buffer.h"

namespace forebay {

enum class RecordKind : uint8_t { none = 0, message = 1, settle = 2, retry = 3, dead = 4, revive = 5, note = 6 };

// A run of sequences, all settled in the same way.
struct SequenceRun {
  Sequence first = 0;
  uint64_t count = 0;
  bool operator==(const SequenceRun&) const = default;
};

// One record as read. Which fields are set goes by the kind; the rest keep what an earlier record left there.
struct Record {
  RecordKind kind = RecordKind::none;
  // message
  bool copy = false;
  std::vector<MessageFacts> receivers;
  std::string_view meta, body;
  // settle
  Settlement how = Settlement::delivered;
  std::vector<SequenceRun> runs;
  // retry, dead, revive
  Sequence sequence = 0;
  int64_t due_ms = 0;
  uint8_t attempts = 0;
  QueueId queue = 0;
  int64_t died_ms = 0;
  uint32_t bytes = 0;
  std::string_view reason, excerpt;
  // note
  std::string_view name, value;
};

// What a dead record tells.
DeadLetter dead_letter_of(const Record& record);

// `copy`: made by compaction; its receivers' sequences rise in any steps, otherwise by one.
void put_message(ByteBuffer& out, bool copy, std::span<const MessageFacts> receivers, std::string_view meta,
                 std::string_view body);
void put_settle(ByteBuffer& out, Settlement how, std::span<const SequenceRun> runs);  // runs rising, apart
void put_retry(ByteBuffer& out, Sequence sequence, int64_t due_ms, uint8_t attempts);
void put_dead(ByteBuffer& out, const DeadLetter& letter);
void put_revive(ByteBuffer& out, Sequence sequence, int64_t due_ms);
void put_note(ByteBuffer& out, std::string_view name, std::string_view value);

// The most bytes a message record takes beside meta and body.
size_t message_overhead_max(size_t receivers);

class RecordReader {
 public:
  explicit RecordReader(std::span<const std::byte> records) : decoder_(records), begin_(records.data()) {}
  // False: no more, or (ok() false) not a record.
  bool next(Record* record);
  bool ok() const { return decoder_.ok(); }
  // Where the record just read begins, and its length, in bytes.
  uint32_t offset() const { return offset_; }
  uint32_t length() const { return length_; }

 private:
  void read_message(uint8_t head, Record* record);
  void read_receivers(uint64_t count, Record* record);
  void read_settle(uint8_t head, Record* record);
  void read_dead(Record* record);

  Decoder decoder_;
  const std::byte* begin_;
  uint32_t offset_ = 0;
  uint32_t length_ = 0;
};

// Reads one message record that must fill `bytes` to the last, its own checksum included. False: damaged.
bool read_lone_message(std::span<const std::byte> bytes, Record* record);

}  // namespace forebay
