// OpenJournal: what is behind journal.h. It gathers (the loop's calls) and takes back what the commit worker
// reports; the rest is done by its parts: Committer writes, Upkeep keeps house, BodyReader reads, Catalog
// knows.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "backlog/attempts_file.h"
#include "backlog/body_reader.h"
#include "backlog/committer.h"
#include "backlog/journal.h"
#include "backlog/metered_files.h"
#include "backlog/store_file.h"
#include "backlog/upkeep.h"

namespace forebay {

constexpr Duration keys_sweep_interval = Duration::seconds(10);

class OpenJournal final : public Journal {
 public:
  OpenJournal(const JournalPorts& ports, const JournalOptions& options)
      : files_(ports.files),
        clock_(ports.clock),
        listener_(ports.listener),
        options_(options),
        commit_(ports.commit),
        inbox_(ports.loop),
        helper_(ports.helper),
        key_reader_(ports.reader),
        bodies_(files_, ports.reader, inbox_, catalog_, options.window_bytes),
        started_(clock_.now()) {}
  ~OpenJournal() override;

  int start(std::string* error);
  int recover(const Recovered& recovered, std::string* error) override;

  int room(uint64_t bytes, size_t messages) override;
  void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) override;
  void settle(Sequence sequence, Settlement how) override;
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) override;
  void dead(const DeadLetter& letter) override;
  void revive(Sequence sequence, int64_t due_ms) override;
  void note(std::string_view name, std::string_view value) override;
  void key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) override;
  uint64_t open_batch() const override { return open_->batch; }
  Instant flush() override;
  void key_spends(int64_t since_ms, const KeySpendTold& tell) override;
  void forget_key_spends(int64_t before_ms) override;
  bool key_room(size_t copies) override;
  void remember(const RememberedKey& key) override;
  std::vector<KeyPlace> key_places(uint64_t key) override { return keys_->find(key); }
  void read_keys(uint64_t key, std::vector<KeyPlace> places, KeysRead done) override;
  bool still_remembered(const RememberedKey& key) const override;
  bool stopped_cleanly() const override { return report_.clean; }

  void attempt_begun(Sequence sequence, uint8_t attempt) override { attempts_.begun(sequence, attempt); }
  void attempt_over(Sequence sequence) override { attempts_.over(sequence, open_->batch); }
  void write_attempts() override { attempts_.write(); }

  std::optional<StoredMessage> held(Sequence sequence) override { return bodies_.held(sequence); }
  void fetch(Sequence sequence, Fetched done) override { bodies_.fetch(sequence, std::move(done)); }
  void prefetch(std::span<const Sequence> sequences) override { bodies_.prefetch(sequences); }

  std::optional<DeadLetter> dead_letter(Sequence sequence) const override;
  std::string noted(std::string_view name) const override;
  Sequence next_sequence() const override { return next_sequence_; }
  BacklogFigures figures() const override;
  uint32_t store_id() const override { return store_.store_id; }
  std::span<const uint8_t, 16> id_key() const override { return store_.id_key; }
  int queue_id(std::string_view name, QueueId* id) override;
  std::string queue_name(QueueId id) const override;
  void close() override;

  const RecoveryReport& recovery() const override { return report_; }
  size_t index_bytes() const override { return catalog_.memory_bytes(); }

 private:
  int open_store(std::string* error);
  int create_store(std::string* error);
  int renew_store(std::string* error);
  int assemble(RecoveredLog& log, std::string* error);

  void mark_change();
  void mark_urgent_change();
  void hand_over(Instant now);
  void poke(Instant now);
  void measure_free_space(Instant now);
  void encode_settles();
  int open_keys(std::string* error);
  void sweep_keys(Instant now);
  void count_key_bytes() { pool_->set_spends_bytes(spends_->bytes() + keys_->bytes()); }
  int64_t now_ms() const;
  std::unique_ptr<Group> fresh_group();
  void committed(CommitResult& result);
  void admit(Group& group);
  void keep_bodies(Group& group);
  void note_refusal(const Group& group);
  void probe_if_due(Instant now);
  Instant next_flush(Instant now) const;
  void broken(const std::string& what);
  int failed(const std::string& what, int error, std::string* words) const;

  MeteredFiles files_;
  Clock& clock_;
  BacklogListener& listener_;
  const JournalOptions options_;
  StoreFile store_;
  RecoveryReport report_;
  Catalog catalog_;
  AttemptsFile attempts_;
  Worker& commit_;
  Inbox inbox_;
  TaskLine helper_;
  TaskLine key_reader_;
  BodyReader bodies_;
  std::unique_ptr<SegmentPool> pool_;
  std::unique_ptr<KeySpends> spends_;
  std::unique_ptr<RememberedKeys> keys_;
  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<Committer> committer_;

  std::unique_ptr<Group> open_;
  std::vector<std::pair<Sequence, Settlement>> settles_;  // of the open group, not yet encoded
  Sequence next_sequence_ = 1;
  Sequence kept_end_ = 1;        // no message from it on is known to be kept
  uint64_t gathered_keys_ = 0;   // copies, remembered and not yet reported
  uint64_t gathered_bytes_ = 0;  // of messages, appended and not yet reported
  bool changes_waiting_ = false;
  bool broken_ = false;
  bool closed_ = false;
  int refusing_ = 0;                           // the errno of the last failed write of messages
  Instant unsynced_since_ = Instant::never();  // settles handed over that nothing urgent followed
  Instant probed_;
  Instant poked_;
  Instant measured_;
  Instant keys_swept_;
  const Now started_;  // ends of keys are stamped by the steady clock from here on: a stepped one forgets none early
  std::atomic<uint64_t> disk_free_{0};
};

}  // namespace forebay
