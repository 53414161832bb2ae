// Committer: group commit. Takes all that the loop has flushed, writes it, syncs once, reports.
//
// hand_over() is the loop's; the rest happens on the commit worker, which goes on by itself for as long as
// there is something waiting: the running sync forms the next batch, no timer. Groups that nobody waits for are
// written, and neither synced nor reported before an urgent one comes, a poke, or trouble. On disk a commit is whole or
// it never happened: the changes of all groups, then their messages. If that cannot be written the messages
// fail and the changes go alone, if need be into the reserve; if even that cannot be, they are kept and go
// with the next commit. Copies are a commit of their own: losing them costs nothing. Spends of keys go to their own
// files, written and synced before the settles they belong to, and so do Idempotency-Keys, before their messages; keys
// that cannot be written fail the messages. A failed sync ends it: that and everything later is reported as broken,
// nothing as committed.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backlog/group.h"
#include "backlog/key_spends.h"
#include "backlog/log_writer.h"
#include "backlog/remembered_keys.h"
#include "backlog/task_line.h"
#include "base/clock.h"

namespace forebay {

struct CommitResult {
  std::vector<std::unique_ptr<Group>> groups;
  std::vector<std::pair<uint32_t, uint32_t>> settled;  // slot, how many settles of it are synced now
  LogPosition position;
  std::vector<SegmentHeader> opened;
  std::vector<SealedSegment> sealed;
  Duration sync_took;
  bool synced = false;
  uint32_t messages = 0;
  uint64_t frame_bytes = 0;
  bool changes_waiting = false;  // some could not be written yet
  std::string broken;            // not empty: a sync failed
};

class Committer {
 public:
  using Report = std::function<void(CommitResult)>;  // on the commit worker
  Committer(Worker& worker, SegmentPool& pool, KeySpends& spends, RememberedKeys& keys, LogWriter log, Clock& clock,
            Report report);

  void hand_over(std::unique_ptr<Group> group);
  // Tries again what could not be written, and syncs what is.
  void poke();
  // Loop thread: everything handed over is written (or has failed) when it returns.
  void finish() { line_.finish(); }
  void stop() { line_.stop(); }

 private:
  // Change records that are not on the disk yet.
  struct Changes {
    ByteBuffer bytes;
    std::vector<uint32_t> ends;
    std::vector<std::pair<uint32_t, uint32_t>> settled;
  };

  void start();
  void run();
  void commit(std::vector<std::unique_ptr<Group>> groups, bool urgent);
  int write_keys(const std::vector<std::unique_ptr<Group>>& groups);
  int write_together(std::vector<std::unique_ptr<Group>>& groups);
  int write_changes_alone();
  int put_changes();
  int put_messages(Group& group);
  void write_copies(Group& group);
  int probe();
  void sync(CommitResult* result);
  std::string sync_all();

  SegmentPool& pool_;
  KeySpends& spends_;
  RememberedKeys& keys_;
  LogWriter log_;
  Clock& clock_;
  Report report_;
  std::deque<Changes> changes_;
  CommitResult unreported_;  // what was written since the last sync
  bool broken_ = false;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Group>> waiting_;
  bool poked_ = false;
  bool started_ = false;  // a run is posted or under way

  TaskLine line_;
};

}  // namespace forebay
