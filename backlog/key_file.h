// KeyFile: copies of messages that were published under an Idempotency-Key, a record of one length each, in a file that
// only grows (layout: format.h), so that a record is found by its number. The end of a message is written into its
// record later, by itself, and never synced for: one that is lost makes a key be remembered longer.
//
// Each record has its own checksum, seeded with store and file: damage costs the keys it hits. A record says how many
// were synced when it was written: a bad one below that is damage, one above it may never have reached the disk.
// Errors: errno values; a failed append leaves the file as it was, as far as anybody looks. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "backlog/byte_buffer.h"
#include "backlog/files.h"
#include "base/ids.h"

namespace forebay {

struct KeyRecord {
  uint64_t key = 0, content = 0;
  Sequence sequence = 0;
  uint32_t window = 0;  // in format::key_window_unit
  QueueId queue = 0;
  uint16_t copies = 0;   // of the key, from this record on; 0: one of those of a record before
  int64_t ended_ms = 0;  // 0: not known
  bool operator==(const KeyRecord&) const = default;
  bool is_void() const { return key == 0 && copies == 0; }  // it fills a gap
  int64_t window_ms() const;
};

// That a message was settled, whatever it was published with.
struct KeyEnd {
  Sequence sequence = 0;
  int64_t at_ms = 0;
};

std::string keys_name(uint32_t number);
bool parse_keys_name(std::string_view name, uint32_t* number);

// What a reading found.
struct KeysScan {
  bool header_good = false;
  uint32_t other_version = 0;  // not 0: of a version this program does not read; nothing was read
  uint32_t records = 0;        // to the last one that counts, gaps included
  uint32_t synced = 0;         // so many are vouched for
  uint32_t damaged = 0;        // of those
  uint64_t size = 0;           // of the file
  bool torn() const;
};

class KeyFile {
 public:
  using Tell = std::function<void(uint32_t place, const KeyRecord&)>;
  // Reads a file from beginning to end. Records of sequences from `end` on belong to messages that never were: they
  // count as torn. An errno: it cannot be read.
  static int scan(File& file, uint32_t store_id, uint32_t number, Sequence end, const Tell& tell, KeysScan* scan);

  KeyFile(Files& files, uint32_t store_id, uint32_t number) : files_(files), store_id_(store_id), number_(number) {}
  // Opens what is there, cuts what is torn and makes sure, synced, of what nothing vouches for; tells what is in it.
  int adopt(Sequence end, const Tell& tell, KeysScan* scan, bool* sync_failed);
  int create();
  // To read and note ends in what adopt() or append() put there.
  int reopen(uint32_t records);

  // All of them, or an errno and none.
  int append(std::span<const KeyRecord> records);
  int cut(uint32_t records);  // those behind that many never were; to be synced
  // The file's name, too, if that is new. 0 when there is nothing to sync.
  int sync();
  // Says that all of it is synced, for the next start, if it does not say so already. Unsynced; may fail.
  void vouch();
  uint32_t records() const { return records_; }
  bool dirty() const { return synced_ != records_ || !named_; }

  // Records from `first` on. EBADMSG: one of them is damaged.
  int read(uint32_t first, std::span<KeyRecord> records);
  // Their bytes, and those bytes back, as far as they were changed by put_end.
  int read_raw(uint32_t first, uint32_t count, ByteBuffer* bytes);
  int write_ends(uint32_t first, std::span<const std::byte> bytes, uint32_t from, uint32_t to);
  bool decode(std::span<const std::byte> bytes, KeyRecord* record) const;
  void put_end(std::span<std::byte> bytes, int64_t at_ms) const;

 private:
  int make_sure(const KeysScan& scan, Sequence end, bool* sync_failed);
  void fill_gaps(ByteBuffer& bytes, Sequence before, Sequence end) const;
  int write_header();
  void encode(ByteBuffer& out, const KeyRecord& record) const;

  Files& files_;
  const uint32_t store_id_;
  const uint32_t number_;
  std::unique_ptr<File> file_;
  uint32_t records_ = 0;
  uint32_t synced_ = 0;
  uint32_t vouched_ = 0;  // the header says so many are synced
  bool named_ = false;    // the name is durable
};

}  // namespace forebay
