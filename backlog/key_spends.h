// KeySpends: the history of key limits on disk, a file for each hour (spends_file.h). A few of them are open: those
// written to last.
//
// What cannot be written is dropped and counted. A failed sync is said by every sync() from then on; nothing may be
// vouched for after it.
// Threads: any may call anything; the commit worker writes and syncs, the loop thread replays at start, the helper
// forgets.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "backlog/spends_file.h"

namespace forebay {

class KeySpends {
 public:
  static constexpr size_t open_files_max = 3;

  KeySpends(Files& files, uint32_t store_id) : files_(files), store_id_(store_id) {}
  // Learns which files there are. An errno, or 0.
  int open();
  // Tells what settled at or after `since_ms`, and makes durable what is told.
  void replay(int64_t since_ms, const SpendsFile::Tell& tell);
  void write(std::span<const KeySpend> spends);
  bool unsynced() const { return unsynced_; }
  // What failed, in words, now or ever before; empty: all that was written is synced.
  std::string sync();
  std::string sync_failure();
  // Tells the next start that all is synced. Nothing is written after it.
  void close();
  // Removes the files of hours that were over at `before_ms`.
  void forget(int64_t before_ms);

  uint64_t bytes() const { return bytes_; }
  uint64_t lost() const { return lost_; }

 private:
  struct Open {
    std::unique_ptr<SpendsFile> file;
    uint64_t last_used = 0;
  };

  int write_hour(SpendHour hour, std::span<const KeySpend> spends);
  int open_hour(SpendHour hour, Open** open);
  int adopt(SpendHour hour, const SpendsFile::Tell& tell, Open* open);
  int replay_hour(SpendHour hour, const SpendsFile::Tell& tell);
  void count_damage(const SpendsScan& scan);
  std::vector<SpendHour> give_up(SpendHour before);
  void set_bytes(SpendHour hour, uint64_t bytes);
  void retire();

  Files& files_;
  const uint32_t store_id_;
  std::mutex mutex_;
  std::map<SpendHour, uint64_t> there_;  // bytes of each file
  std::map<SpendHour, Open> open_;
  uint64_t uses_ = 0;
  std::string sync_failure_;
  std::atomic<bool> unsynced_{false};
  std::atomic<uint64_t> bytes_{0}, lost_{0};
};

}  // namespace forebay
