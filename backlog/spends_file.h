// SpendsFile: the spends of keys of one hour, in a file that only grows (layout: format.h). An hour is that of the Unix
// time at which a spend settled, so that a history as long as the longest window is dropped by whole files.
//
// What one commit writes is a block under one checksum, seeded with store and hour: it counts as a whole or not at all,
// and a reading finds the next one behind bytes that are none. Each block says how much of the file was synced when it
// was written. A gap below that is damage, and what follows it is told. One above it may never have reached the disk:
// the file is cut there, as the log is. Blocks that none vouches for are written again and synced before anybody goes
// by them. Errors: errno values; a failed sync is told from a failed write, which leaves the file as it was. Threads:
// one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backlog/byte_buffer.h"
#include "backlog/files.h"
#include "base/ids.h"

namespace forebay {

struct KeySpend {
  uint32_t set = 0;  // of key limits
  uint32_t cost = 1;
  KeyHash key = 0;
  int64_t settled_ms = 0;  // Unix time
  bool operator==(const KeySpend&) const = default;
};

using SpendHour = uint32_t;
SpendHour hour_of(int64_t settled_ms);
std::string spends_name(SpendHour hour);
bool parse_spends_name(std::string_view name, SpendHour* hour);

// What a reading found.
struct SpendsScan {
  bool header_good = false;
  uint32_t other_version = 0;  // not 0: of a version this program does not read; nothing was read
  uint64_t spends = 0, blocks = 0;
  uint64_t end = 0;            // of the last block that counts
  uint64_t synced = 0;         // so much of the file is vouched for
  uint64_t closed_bytes = 0;   // of a block behind the end that vouches for all before it
  uint64_t size = 0;           // of the file
  uint64_t damaged_bytes = 0;  // that were synced once
  bool torn() const { return size > end + closed_bytes; }
};

class SpendsFile {
 public:
  using Tell = std::function<void(const KeySpend&)>;
  // Reads a file from beginning to end, a few MiB at a time. An errno: it cannot be read.
  static int scan(File& file, uint32_t store_id, SpendHour hour, const Tell& tell, SpendsScan* scan);

  SpendsFile(Files& files, uint32_t store_id, SpendHour hour) : files_(files), store_id_(store_id), hour_(hour) {}
  // Opens what is there, cuts what is torn and makes sure of what nothing vouches for; tells what is in it. ENOENT:
  // there is none; ENOTSUP: another version.
  int adopt(const Tell& tell, SpendsScan* scan, bool* sync_failed);
  int create();
  // All of this hour. An errno: none of them are kept.
  int append(std::span<const KeySpend> spends);
  // The file's name, too, if that is new. 0 when there is nothing to sync.
  int sync();
  // Says that all of it is synced, for the next start, if it does not say so already. Unsynced; may fail.
  void vouch();
  uint64_t bytes() const { return end_; }
  bool dirty() const { return synced_ != end_ || !named_; }

 private:
  int make_sure(const SpendsScan& scan, bool* sync_failed);
  int write_header();
  void put_block(ByteBuffer& out, std::span<const KeySpend> spends) const;

  Files& files_;
  const uint32_t store_id_;
  const SpendHour hour_;
  std::unique_ptr<File> file_;
  uint64_t end_ = 0;
  uint64_t synced_ = 0;
  uint64_t vouched_ = 0;  // the last block says so much is synced
  bool named_ = false;    // the name is durable
};

}  // namespace forebay
