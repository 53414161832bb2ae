// SimBacklog: a Backlog in memory that takes as long as a disk and forgets what a disk would. Bodies are not kept.
//
// What is gathered goes into a log; flush() hands the open batch over; one commit at a time takes all that was handed
// over, lasts a drawn sync time, and only then changes the durable table and is reported. Batches that hold nothing but
// settles are written at once and wait with their sync for company, settles_wait at most, as in the journal.
//   crash(killed)     what was written is kept, the running commit too, and the marks of attempts under way
//   crash(power_cut)  only what was synced is kept
// The shell sets the time before each call, and calls work() when work_due() says so.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backlog/backlog.h"

#include "base/random.h"
#include "sim/page_table.h"

namespace forebay::sim {

struct SyncTimes {
  Duration least = Duration::microseconds(200);
  Duration most = Duration::milliseconds(2);
};

class SimBacklog : public Backlog {
 public:
  struct Kept {
    MessageFacts facts;
    Instant came;  // into the process that took it
    uint8_t attempts = 0;
    bool begun = false;  // an attempt is under way
    bool dead = false;
    bool revived = false;
  };
  enum class Crash { killed, power_cut };
  // Hears of every end of a message when the core decides it.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void on_settle(const Kept& message, Settlement how) = 0;
    virtual void on_dead(const Kept& message) = 0;
  };

  SimBacklog(SyncTimes times, uint64_t seed) : times_(times), random_(seed) {}

  void set_listener(BacklogListener* listener, Watcher* watcher) { listener_ = listener, watcher_ = watcher; }
  void set_now(Instant now) { now_ = now; }
  Instant work_due() const { return due_; }
  void work();
  // What the commit that is being reported made durable, in order of sequence.
  const std::vector<MessageFacts>& committed() const { return committed_; }
  const Kept* find(Sequence sequence) const { return table_.find(sequence); }
  void crash(Crash how);
  std::vector<RecoveredMessage> recoverable() const;
  size_t waiting() const { return table_.size(); }
  // An errno with which messages are refused; 0: none are.
  void set_refusing(int error) { refusing_ = error; }

  int room(uint64_t, size_t) override { return refusing_; }
  void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) override;
  void settle(Sequence sequence, Settlement how) override;
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) override;
  void dead(const DeadLetter& letter) override;
  void revive(Sequence sequence, int64_t due_ms) override;
  void note(std::string_view name, std::string_view value) override;
  void key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) override;
  void key_spends(int64_t since_ms, const KeySpendTold& tell) override;
  void forget_key_spends(int64_t before_ms) override;
  uint64_t open_batch() const override { return open_; }
  Instant flush() override;
  void attempt_begun(Sequence sequence, uint8_t) override { log_change({Change::What::begun, 0, sequence, 0}); }
  void attempt_over(Sequence sequence) override { log_change({Change::What::over, 0, sequence, 0}); }
  void write_attempts() override { marked_ = end(); }
  void fetch(Sequence sequence, Fetched done) override;
  void prefetch(std::span<const Sequence>) override {}
  std::optional<DeadLetter> dead_letter(Sequence sequence) const override;
  std::string noted(std::string_view name) const override;
  bool stopped_cleanly() const override { return clean_; }
  Sequence next_sequence() const override { return next_; }
  BacklogFigures figures() const override { return {}; }
  uint32_t store_id() const override { return 1; }
  std::span<const uint8_t, 16> id_key() const override { return key_; }
  int queue_id(std::string_view, QueueId* id) override { return *id = 0, 0; }
  void close() override;

 private:
  struct Change {
    enum class What : uint8_t { append, settle, retry, dead, revive, note, key_spent, begun, over } what;
    uint8_t attempts;
    Sequence sequence;
    int64_t due_ms;
  };
  struct Batch {
    uint64_t number;
    uint64_t end;  // of its part of the log
    bool urgent;   // more than settles
    Instant handed;
  };
  struct KeySpend {
    uint32_t set, cost;
    KeyHash key;
    int64_t settled_ms;
  };
  struct Appended {
    MessageFacts facts;
    Instant came;
  };

  uint64_t end() const { return base_ + log_.size(); }
  void log_change(const Change& change) { log_.push_back(change); }
  void gather(const Change& change, bool urgent);
  void begin_when_idle();
  void apply_up_to(uint64_t position);
  void apply(const Change& change);
  void apply_append();
  void drop_log();

  SyncTimes times_;
  Random random_;
  BacklogListener* listener_ = nullptr;
  Watcher* watcher_ = nullptr;
  Instant now_;
  Instant due_ = Instant::never();
  bool syncing_ = false, clean_ = true;
  int refusing_ = 0;

  std::deque<Change> log_;
  uint64_t base_ = 0;     // position of log_.front(); everything before it is durable
  uint64_t written_ = 0;  // what a kill -9 leaves
  uint64_t marked_ = 0;   // up to where marks of attempts are written
  std::deque<Appended> appended_;
  std::deque<std::pair<std::string, std::string>> notes_under_way_;
  std::deque<DeadLetter> letters_under_way_;
  std::deque<KeySpend> key_spends_under_way_;
  std::deque<Batch> handed_;
  size_t batches_syncing_ = 0;
  uint64_t open_ = 1;
  bool gathered_ = false, urgent_ = false;
  Sequence next_ = 1;

  PageTable<Kept> table_;
  absl::flat_hash_map<Sequence, DeadLetter> letters_;
  std::map<std::string, std::string, std::less<>> notes_;
  std::deque<KeySpend> key_spends_;
  std::vector<MessageFacts> committed_;
  std::array<uint8_t, 16> key_{};
};

}  // namespace forebay::sim
