#include "tests/backlog/crash_case.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "tests/backlog/journal_world.h"
#include "tests/backlog/script.h"

namespace forebay::testing {
namespace {

const char* name_of(std::optional<Forget> forget) {
  if (!forget) return "killed";
  switch (*forget) {
    case Forget::all:
      return "cut, all unsynced forgotten";
    case Forget::tail:
      return "cut, a tail forgotten";
    case Forget::random:
      return "cut, random sectors and names forgotten";
  }
  return "?";
}

void end_life(FaultyDisk& disk, JournalWorld* world, std::optional<Forget> forget) {
  if (world != nullptr) world->kill();
  disk.lift();
  disk.on_delay(nullptr);
  if (forget) {
    disk.reopen(*forget);
  } else {
    disk.kill();
  }
}

class CrashRun {
 public:
  explicit CrashRun(const CrashCase& crash) : crash_(crash), disk_(crash.seed) {}

  CrashOutcome go() {
    disk_.set_ignore_syncs(crash_.ignore_syncs);
    if (crash_.fault) disk_.plan(*crash_.fault);
    first_life();
    outcome_.operations = disk_.operations();
    bool cut = disk_.is_cut();
    bool stopped = disk_.is_stopped();
    // What failed because the end had come was not said to anybody.
    if (world_->is_open() && !cut && !stopped) {
      ledger_.spends_were_lost(world_->journal().figures().key_spends_lost);
    }
    if (crash_.fault) outcome_.log = disk_.log(crash_.fault->at);
    if (!crash_.fault) outcome_.history = disk_.history();
    outcome_.fault_happened = disk_.fault_happened();
    auto forget = cut && !crash_.forget ? Forget::all : crash_.forget;
    end_life(disk_, world_.get(), forget);
    world_.reset();
    if (crash_.recovery_cuts_every != 0) cut_recoveries();
    // A journal that is broken or stopped halfway wrote no more attempts: they may be unknown, as after a
    // cut. So may those whose write failed in the last turn; others were written again.
    bool halfway = outcome_.loud || stopped || (crash_.fault && crash_.fault->at > last_turn_);
    Ended ended = forget || halfway ? Ended::power : Ended::process;
    if (recover(ended, "after the crash")) later_lives();
    return std::move(outcome_);
  }

 private:
  void complain(const std::string& when, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) outcome_.violations.push_back(when + ": " + line);
  }

  void first_life() {
    world_ = std::make_unique<JournalWorld>(disk_, ledger_, crash_.seed, crash_.open);
    if (!world_->open()) {
      outcome_.loud = true;
      if (world_->why().empty()) complain("first open", {"refused without a word"});
      if (!fault_may_refuse()) complain("first open", {"refused: " + world_->why()});
      return;
    }
    Script script(*world_, ledger_, crash_.seed, {});
    disk_.on_delay([&](uint64_t) {
      world_->while_writers_wait([&] {
        if (world_->loop_is_free()) script.turns(2);
        world_->step(6);
      });
    });
    if (crash_.lifted_after == 0) {
      script.turns(crash_.turns - 1);
      last_turn_ = disk_.operations();
      script.turn();
    } else {
      turns_with_trouble(script);
    }
    if (!crash_.forget) world_->settle_down();
    if (crash_.close) world_->close();
    outcome_.loud = !world_->broken().empty();
    outcome_.refused = script.refused();
    complain("first life", world_->wrong());
  }

  void turns_with_trouble(Script& script) {
    for (uint32_t i = 0; i < crash_.turns && !disk_.fault_happened(); ++i) script.turn();
    script.turns(crash_.lifted_after);
    disk_.lift();
    script.turns(10);
    uint64_t accepted = script.accepted();
    script.turns(20);
    world_->settle_down();
    script.turns(2);
    if (!world_->broken().empty()) {
      complain("trouble that passed", {"broken: " + world_->broken()});
    } else if (script.accepted() <= accepted + 5 || world_->journal().figures().refusing) {
      complain("trouble that passed", {"messages are not accepted again: " + world_->journal().figures().refusing_why});
    }
  }

  bool fault_may_refuse() const { return crash_.fault && crash_.fault->kind != Fault::Kind::delay; }

  // Opens what is there and compares; leaves the world open.
  bool recover(Ended ended, const std::string& when) {
    uint64_t before = disk_.operations();
    world_ = std::make_unique<JournalWorld>(disk_, ledger_, crash_.seed + 1, crash_.open);
    if (!world_->open()) {
      complain(when, {"does not open: " + world_->why()});
      return false;
    }
    world_->settle_down();
    outcome_.recovery_operations = disk_.operations() - before;
    found_ = world_->contents();
    complain(when, ledger_.compare(found_, ended));
    complain(when, world_->wrong());
    auto figures = world_->journal().figures();
    if (crash_.close && !crash_.fault && figures.torn_tails != 0) complain(when, {"a torn tail after a clean stop"});
    if (figures.quarantined_segments + figures.missing_segments != 0) {
      complain(when, {fmt::format("{} segments quarantined, {} missing", figures.quarantined_segments,
                                  figures.missing_segments)});
    }
    if (figures.key_spends_lost != 0) complain(when, {fmt::format("{} spends damaged", figures.key_spends_lost)});
    if (world_->journal().next_sequence() <= ledger_.largest_acknowledged()) {
      complain(when, {fmt::format("next sequence is {}, {} was given out", world_->journal().next_sequence(),
                                  ledger_.largest_acknowledged())});
    }
    return outcome_.violations.empty();
  }

  // The journal must go on as if nothing had been, and end well once more.
  void later_lives() {
    ledger_.start_over(found_);
    Script script(*world_, ledger_, crash_.seed + 2, found_);
    script.turns(crash_.turns_next);
    if (!crash_.forget_next) world_->settle_down();
    if (crash_.close_next) world_->close();
    if (!world_->broken().empty()) complain("second life", {"broken: " + world_->broken()});
    complain("second life", world_->wrong());
    end_life(disk_, world_.get(), crash_.forget_next);
    recover(crash_.forget_next ? Ended::power : Ended::process, "after the second crash");
    if (world_) end_life(disk_, world_.get(), {});
    world_.reset();
  }

  // The power is cut at an operation of the recovery, comes back, and the next recovery must find it all.
  void cut_recoveries() {
    Medium medium = disk_.medium();
    uint64_t cut_at = 1;
    while (outcome_.violations.empty()) {
      FaultyDisk disk(medium, crash_.seed + cut_at);
      disk.set_ignore_syncs(crash_.ignore_syncs);
      disk.plan({.kind = Fault::Kind::cut, .at = cut_at});
      JournalWorld interrupted(disk, ledger_, crash_.seed + 1, crash_.open);
      if (interrupted.open()) interrupted.settle_down();
      if (!disk.is_cut()) break;
      auto forget = static_cast<Forget>((crash_.seed + cut_at) % 3);
      std::string log = disk.log(cut_at);
      end_life(disk, &interrupted, forget);
      check_interrupted(disk, fmt::format("after a cut at operation {} of the recovery ({})", cut_at, name_of(forget)),
                        log);
      cut_at += crash_.recovery_cuts_every;
    }
  }

  void check_interrupted(FaultyDisk& disk, const std::string& when, const std::string& log) {
    JournalWorld again(disk, ledger_, crash_.seed + 2, crash_.open);
    if (!again.open()) {
      complain(when, {"does not open: " + again.why()});
    } else {
      again.settle_down();
      complain(when, ledger_.compare(again.contents(), Ended::power));
      end_life(disk, &again, {});
    }
    if (!outcome_.violations.empty()) outcome_.log += "recovery:\n" + log;
  }

  CrashCase crash_;
  FaultyDisk disk_;
  Ledger ledger_;
  std::unique_ptr<JournalWorld> world_;
  Contents found_;
  uint64_t last_turn_ = 0;  // of the first life: the operations before it
  CrashOutcome outcome_;
};

}  // namespace

CrashOutcome run(const CrashCase& crash) {
  return CrashRun(crash).go();
}

std::string describe(const CrashCase& crash) {
  return fmt::format("seed {}, {} turns, {}; {}; second life {}{}", crash.seed, crash.turns,
                     crash.fault ? forebay::describe(*crash.fault) : "no fault", name_of(crash.forget),
                     name_of(crash.forget_next), crash.ignore_syncs ? "; syncs ignored" : "");
}

}  // namespace forebay::testing
