// JournalWorld: one process with a journal on a faulty disk, everything of it on one thread and stepped by
// seed. Its life ends with kill() (the process dies between two steps) or when the disk's power is cut.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "sim/faulty_disk.h"
#include "sim/step_worker.h"
#include "tests/backlog/ledger.h"

namespace forebay::testing {

// What a backlog is opened with. Everything outlives it.
struct WorldParts {
  Files& files;
  Worker& commit;
  Worker& helper;
  Worker& reader;
  Mailbox& loop;
  Clock& clock;
  BacklogListener& listener;
};

using OpenBacklog = std::function<std::unique_ptr<Backlog>(
    const WorldParts& parts, std::vector<RecoveredMessage>* recovered, std::string* error)>;

// A clock that goes when told to.
class StepClock : public Clock {
 public:
  Now now() override { return now_; }
  void advance(Duration by) { now_ = {now_.steady + by, now_.wall + by}; }

 private:
  Now now_{Instant{1'000'000'000}, WallTime::from_ms(1'700'000'000'000)};
};

class JournalWorld : private BacklogListener {
 public:
  JournalWorld(FaultyDisk& disk, Ledger& ledger, uint64_t seed, OpenBacklog open_backlog);
  ~JournalWorld() override;
  JournalWorld(const JournalWorld&) = delete;
  JournalWorld& operator=(const JournalWorld&) = delete;

  // False: the journal refused to open; why() tells what it said.
  bool open();
  void advance(Duration by) { clock_.advance(by); }
  // Reads a message while others work; what comes must be what was handed in.
  void read(Sequence sequence);
  // Everything the journal holds, read through its own door; call when nothing is under way.
  Contents contents();
  void close();  // in good order; kill() must follow
  void kill();

  // Runs some steps, or all there are to run. Nothing happens inside a call on the loop thread.
  void step(uint64_t steps);
  void settle_down() { scheduler_.run_all(); }
  // False while the loop thread is in a call: then it takes part in nothing else.
  bool loop_is_free() const { return !loop_.busy(); }
  // While one of the two that write is held up by the disk, the other may come to wait for it; nobody else
  // may.
  template <typename Rest>
  void while_writers_wait(Rest rest) {
    commit_.hold(true);
    helper_.hold(true);
    rest();
    commit_.hold(false);
    helper_.hold(false);
  }

  Backlog& journal() { return *journal_; }
  bool is_open() const { return journal_ != nullptr; }
  const std::string& why() const { return why_; }                   // of a refusal to open
  const std::string& broken() const { return broken_; }             // what on_broken said; empty: it was not called
  const std::vector<std::string>& wrong() const { return wrong_; }  // reports that break the contract

  // What the loop thread does goes through here, so that a slow disk call knows whose thread it holds up.
  template <typename Turn>
  void on_loop(Turn turn) {
    loop_.hold(true);
    turn();
    loop_.hold(false);
  }

  struct Report {
    uint64_t batch;
    int messages_error;
  };
  std::vector<Report> take_reports() { return std::exchange(reports_, {}); }

 private:
  void on_committed(uint64_t batch, int messages_error) override;
  void on_broken(const std::string& what) override;
  void on_synced(Duration, uint32_t) override {}

  FaultyDisk& disk_;
  Ledger& ledger_;
  OpenBacklog open_backlog_;
  StepClock clock_;
  StepScheduler scheduler_;
  StepWorker& commit_;
  StepWorker& helper_;
  StepWorker& reader_;
  StepWorker& loop_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<Backlog> journal_;
  std::vector<RecoveredMessage> recovered_;
  std::map<KeyHash, KeySpend> spends_;  // told at the start
  std::vector<Report> reports_;         // not taken yet
  std::string why_;
  std::string broken_;
  std::vector<std::string> wrong_;
};

}  // namespace forebay::testing
