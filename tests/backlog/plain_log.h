// PlainLog: the simplest Backlog that keeps the promise: one file that only grows, copied whole at each
// start. It is here to test the tests: the crash matrix must find nothing in it, and must find each flaw it
// can be given.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/files.h"
#include "backlog/spends_file.h"
#include "base/worker.h"

namespace forebay::testing {

enum class Flaw : uint8_t {
  none,
  answers_before_sync,
  forgets_the_directory,
  answers_after_failed_sync,
  ignores_checksums,
  loses_changes_of_failed_writes,
  forgets_costs,
  drops_spends,
  bends_spends,
  counts_attempts_late,
  trusts_unsynced_bytes,
};

class PlainLog : public Backlog {
 public:
  static std::unique_ptr<PlainLog> open(Files& files, Worker& commit, Worker& loop, BacklogListener& listener,
                                        Flaw flaw, std::vector<RecoveredMessage>* recovered, std::string* error);

  int room(uint64_t, size_t) override { return 0; }
  void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) override;
  void settle(Sequence sequence, Settlement how) override;
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) override;
  void dead(const DeadLetter& letter) override;
  void revive(Sequence sequence, int64_t due_ms) override;
  void note(std::string_view name, std::string_view value) override;
  void key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) override;
  void key_spends(int64_t since_ms, const KeySpendTold& tell) override;
  void forget_key_spends(int64_t) override {}
  uint64_t open_batch() const override { return batch_; }
  Instant flush() override;
  void attempt_begun(Sequence sequence, uint8_t attempt) override;
  void attempt_over(Sequence sequence) override;
  void write_attempts() override;
  void fetch(Sequence sequence, Fetched done) override;
  void prefetch(std::span<const Sequence>) override {}
  std::optional<DeadLetter> dead_letter(Sequence sequence) const override;
  std::string noted(std::string_view name) const override;
  bool stopped_cleanly() const override { return true; }
  Sequence next_sequence() const override { return next_; }
  BacklogFigures figures() const override { return {}; }
  uint32_t store_id() const override { return 1; }
  std::span<const uint8_t, 16> id_key() const override { return id_key_; }
  int queue_id(std::string_view, QueueId*) override { return ENOTSUP; }
  void close() override {}

 private:
  struct Message {
    RecoveredMessage known;
    uint8_t begun = 0;  // the attempt under way
    std::string meta, body;
    DeadLetter letter;
  };

  PlainLog(Files& files, Worker& commit, Worker& loop, BacklogListener& listener, Flaw flaw)
      : files_(files), commit_(commit), loop_(loop), listener_(listener), flaw_(flaw) {}
  int start();
  void read_back(const std::string& bytes);
  int copy_log(const std::string& bytes);
  void apply(std::string_view record);
  void write(uint64_t batch, std::string messages, std::string changes);
  void report(uint64_t batch, int error);

  Files& files_;
  Worker& commit_;
  Worker& loop_;
  BacklogListener& listener_;
  Flaw flaw_;
  std::unique_ptr<File> file_;
  uint64_t end_ = 0;       // of the file; commit worker only
  std::string unwritten_;  // changes that a failed write left behind; commit worker only
  bool broken_ = false;    // commit worker only
  uint64_t batch_ = 1;
  std::string messages_, changes_, attempts_;  // records of the open batch
  Sequence next_ = 1;
  std::map<Sequence, Message> held_;
  std::vector<KeySpend> spends_;
  std::map<std::string, std::string, std::less<>> notes_;
  std::array<uint8_t, 16> id_key_{};
};

}  // namespace forebay::testing
