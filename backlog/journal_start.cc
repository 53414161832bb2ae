// Opening a store: lock, recover or create, assemble.
#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/format.h"
#include "backlog/open_journal.h"
#include "backlog/segment.h"
#include "backlog/whole_file.h"

namespace forebay {
namespace {

constexpr uint64_t least_segment_bytes = 16 << 10;
constexpr uint64_t most_segment_bytes = 512 << 20;  // offsets and frame lengths fit their fields with ease

}  // namespace

int OpenJournal::failed(const std::string& what, int error, std::string* words) const {
  *words = files_.where() + ": " + what + ": " + std::strerror(error);
  return error;
}

int OpenJournal::start(std::string* error) {
  if (options_.segment_bytes < least_segment_bytes || options_.segment_bytes > most_segment_bytes ||
      options_.segment_bytes % format::segment_header_bytes != 0) {
    *error = "segment_bytes must be a multiple of 4 KiB between 16 KiB and 512 MiB";
    return EINVAL;
  }
  if (const int locked = files_.lock(format::lock_name); locked == EWOULDBLOCK) {
    *error = "another forebay uses this data_dir (" + files_.where() + ")";
    return locked;
  } else if (locked != 0) {
    return failed("locking", locked, error);
  }
  return open_store(error);
}

int OpenJournal::recover(const Recovered& recovered, std::string* error) {
  assert(!committer_);
  AttemptsFile::LeftOver left_over;
  if (const int unread = attempts_.open(files_, &left_over)) return failed("the attempts file", unread, error);
  RecoveredLog log;
  Recovery recovery(files_, store_);
  if (const int lost = recovery.run(left_over, &catalog_, recovered, &log, &report_, error)) return lost;
  next_sequence_ = log.next_sequence;
  kept_end_ = log.kept_end;
  if (const int unmarked = renew_store(error)) return unmarked;
  if (const int unready = assemble(log, error)) return unready;
  if (const int unkept = attempts_.restart(log.crashed)) return failed("the attempts file", unkept, error);
  return 0;
}

int OpenJournal::open_store(std::string* error) {
  switch (read_store(files_, &store_, error)) {
    case StoreState::good:
      return 0;
    case StoreState::refused:
      return EINVAL;
    case StoreState::missing:
      break;
  }
  std::vector<std::string> names;
  if (const int unread = files_.list(&names)) return failed("listing", unread, error);
  for (const std::string& name : names) {
    uint32_t slot = 0;
    if (!parse_segment_name(name, &slot)) continue;
    *error = files_.where() + ": has segments but no store file; put the file back, or move the segments away";
    return EINVAL;
  }
  return create_store(error);
}

// A store of an older version goes on in the newest, and its store file says so before anything else does. A disk that
// does not take it is no reason to stay down: an older program is refused by the segments, too.
int OpenJournal::renew_store(std::string* error) {
  if (store_.version == format::version) return 0;
  bool sync_failed = false;
  const int unwritten = write_store(files_, store_, &sync_failed);
  if (unwritten == 0) store_.version = format::version;
  return sync_failed ? failed("syncing the store file", unwritten, error) : 0;
}

// The store file comes last: with it the store exists.
int OpenJournal::create_store(std::string* error) {
  store_.version = format::version;
  store_.store_id = options_.new_store_id;
  store_.id_key = options_.new_id_key;
  bool sync_failed = false;
  const CheckpointHead head{.generation = 1, .clean = true, .written_ms = clock_.now().wall.ms()};
  ByteBuffer checkpoint = encode_checkpoint(store_.store_id, head, Catalog());
  files_.remove(format::checkpoint_names[1]);
  if (const int unwritten = replace_whole(files_, format::checkpoint_names[0], checkpoint, &sync_failed)) {
    return failed("creating the store", unwritten, error);
  }
  const int unwritten = write_store(files_, store_);
  return unwritten == 0 ? 0 : failed("creating the store", unwritten, error);
}

int OpenJournal::assemble(RecoveredLog& log, std::string* error) {
  const SegmentPool::Options options{store_.store_id, store_.id_key, options_.segment_bytes, options_.max_bytes};
  pool_ = std::make_unique<SegmentPool>(files_, options, log.next_slot, log.next_number, log.last_number,
                                        log.segment_files);
  for (const FreeSlot& slot : log.free) pool_->recycle(slot);
  spends_ = std::make_unique<KeySpends>(files_, store_.store_id);
  if (const int unread = spends_->open()) return failed("listing", unread, error);
  if (const int unread = open_keys(error)) return unread;
  count_key_bytes();
  upkeep_ = std::make_unique<Upkeep>(
      files_, clock_, Upkeep::Options{store_.store_id, options_.segment_bytes, options_.checkpoint_bytes}, catalog_,
      *pool_, bodies_, helper_, inbox_, next_sequence_, kept_end_, [this](const std::string& what) { broken(what); });
  committer_ = std::make_unique<Committer>(commit_, *pool_, *spends_, *keys_,
                                           LogWriter(*pool_, options_.segment_bytes, log.next_frame, log.last_number),
                                           clock_, [this](CommitResult result) {
                                             auto shared = std::make_shared<CommitResult>(std::move(result));
                                             inbox_.post([this, shared] { committed(*shared); });
                                           });
  open_ = std::make_unique<Group>();
  open_->batch = 1;
  uint64_t free_now = 0;
  if (files_.free_bytes(&free_now) == 0) disk_free_ = free_now;
  if (options_.max_bytes < (SegmentPool::reserve + 2) * options_.segment_bytes) {
    *error = files_.where() + ": max_bytes must hold at least " + std::to_string(SegmentPool::reserve + 2) +
             " segments of " + std::to_string(options_.segment_bytes) + " bytes";
    return ENOSPC;
  }
  upkeep_->start(log, report_.clean);
  return 0;
}

int Journal::open(const JournalPorts& ports, const JournalOptions& options, std::unique_ptr<Journal>* journal,
                  std::string* error) {
  auto opened = std::make_unique<OpenJournal>(ports, options);
  if (const int failed = opened->start(error)) return failed;
  *journal = std::move(opened);
  return 0;
}

}  // namespace forebay
