// SegmentPool: segments that hold nothing yet, ready to be appended to, and how more of them come to be.
//
// Spares have their header on disk, synced, name included. The helper keeps a few ahead: new files
// zero-filled (syncing into written blocks is much faster), recycled ones with a new header only. When it
// falls behind, take() grows one unzeroed by itself; nobody waits for zeroes. The last two spares are the
// reserve: messages never get them, compaction leaves one, changes may take all. Spares are used in the order
// of their numbers, so that the order of numbers is the order of the log. No more files are created than
// max_bytes holds. Any thread may call anything.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backlog/files.h"
#include "backlog/segment.h"

namespace forebay {

struct FreshSegment {
  SegmentHeader header;
  std::shared_ptr<File> file;
};

struct FreeSlot {
  uint32_t slot = 0;
  uint32_t generation = 0;  // the last one used
};

enum class SegmentUse { messages, copies, changes };

class SegmentPool {
 public:
  struct Options {
    uint32_t store_id = 0;
    std::array<uint8_t, 16> key{};  // makes salts that cannot be guessed
    uint64_t segment_bytes = 0;
    uint64_t max_bytes = 0;
  };
  static constexpr size_t reserve = 2;
  static constexpr size_t spares_ahead = 4;  // kept ready by the helper, the reserve included

  // `last_number`: of the log so far. `files_now`: how many segment files there are, whatever their state.
  SegmentPool(Files& files, const Options& options, uint32_t next_slot, uint32_t next_number, uint32_t last_number,
              size_t files_now);

  // 0 and a segment to append to; ENOSPC when only the reserve is left; or the errno of growing one.
  int take(SegmentUse use, FreshSegment* fresh);
  // A segment whose content may be overwritten.
  void recycle(FreeSlot slot);
  // Makes one more spare if there are too few: the helper's job. An errno, or 0.
  int prepare();
  bool wants_spare() const;
  // Removes files nobody needs, leaving `keep` free slots; their slots. Unsynced: a lost removal costs
  // nothing.
  std::vector<uint32_t> trim(size_t keep);
  // Gives up free files, or else one spare of the reserve: what a checkpoint needs on a full disk. False:
  // none left.
  bool give_up_spare();

  // Other files of the data_dir, as far as they count against max_bytes.
  void set_other_bytes(uint64_t bytes) { other_bytes_ = bytes; }
  void set_spends_bytes(uint64_t bytes) { spends_bytes_ = bytes; }
  // Bytes of frames that messages can still be given, the segment being written not counted.
  uint64_t room() const;
  uint64_t free_bytes() const;  // of spares and free slots
  uint64_t file_count() const;
  size_t free_slots() const;
  // Not empty: a sync failed; nothing more may be vouched for.
  std::string sync_failure() const;
  uint64_t usable_per_segment() const;

 private:
  int make(bool zeroed);
  int open_slot(bool fresh, const FreeSlot& slot, bool zeroed, std::shared_ptr<File>* file);
  int fill_with_zeroes(File& file);
  int head(bool fresh, const FreeSlot& slot, std::shared_ptr<File> file);
  int sync_failed(const std::string& what, int error);
  uint64_t salt_of(uint32_t number, uint32_t generation) const;
  size_t creatable() const;  // with the lock held

  Files& files_;
  const Options options_;
  std::atomic<uint64_t> other_bytes_{0}, spends_bytes_{0};
  mutable std::mutex mutex_;
  std::deque<FreshSegment> spares_;  // rising by number
  std::deque<FreeSlot> free_;
  uint32_t next_slot_;
  uint32_t next_number_;
  uint32_t previous_number_;  // of the newest one that is there
  uint32_t last_taken_ = 0;
  size_t file_count_;
  std::string sync_failure_;
};

}  // namespace forebay
