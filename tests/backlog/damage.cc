#include "tests/backlog/damage.h"

#include <fmt/format.h>

#include <functional>
#include <set>
#include <utility>

#include "tests/backlog/script.h"

namespace forebay::testing {
namespace {

class Damager {
 public:
  explicit Damager(const DamageRun& run) : run_(run), random_(run.seed) {
    FaultyDisk disk(run.seed);
    JournalWorld world(disk, ledger_, run.seed, run.open);
    if (!world.open()) {
      failures_.push_back("does not open: " + world.why());
      return;
    }
    Script script(world, ledger_, run.seed, {});
    script.turns(110);
    world.settle_down();
    world.kill();
    medium_ = disk.medium();
  }

  std::vector<std::string> go() {
    uint64_t bytes = medium_.used_bytes();
    uint64_t stride = bytes / run_.places + 1;
    uint64_t skip = 0;  // bytes of the next file to pass over
    for (const auto& [name, file] : medium_.names()) {
      for (; skip < file->size() && !enough(); skip += 1 + random_() % (2 * stride)) flip(name, skip);
      skip -= std::min(skip, file->size());
    }
    for (const auto& [name, file] : medium_.names()) {
      check(name + " removed", [&](Medium& medium) { medium.remove(name); });
      for (uint64_t kept : {uint64_t{0}, file->size() / 2, file->size() - 1}) {
        if (kept >= file->size()) continue;
        check(fmt::format("{} cut to {} bytes", name, kept),
              [&](Medium& medium) { medium.find(name)->resize(0, kept); });
      }
    }
    return std::move(failures_);
  }

 private:
  bool enough() const { return failures_.size() >= run_.failures_max; }

  void flip(const std::string& name, uint64_t offset) {
    auto mask = static_cast<std::byte>(1u << random_() % 8);
    check(fmt::format("{} flipped at {} by {}", name, offset, static_cast<int>(mask)),
          [&](Medium& medium) { medium.find(name)->flip(offset, mask); });
  }

  void check(const std::string& what, const std::function<void(Medium&)>& harm) {
    if (enough()) return;
    Medium medium(medium_);
    harm(medium);
    FaultyDisk disk(medium, run_.seed);
    Ledger ledger(ledger_);
    JournalWorld world(disk, ledger, run_.seed + 1, run_.open);
    if (!world.open()) {
      if (world.why().empty()) complain(what, "refused without a word");
      return;
    }
    world.settle_down();
    Contents found = world.contents();
    std::set<Sequence> missing;
    for (const std::string& wrong : ledger.compare_damaged(found, &missing)) complain(what, wrong);
    auto figures = world.journal().figures();
    bool said = figures.torn_tails + figures.quarantined_segments + figures.missing_segments != 0;
    if (!missing.empty() && !said) {
      complain(what, fmt::format("{} acknowledged messages are missing, and nothing was said", missing.size()));
    }
    go_on(what, world, ledger, std::move(found));
  }

  // What is left must work: no wrong body now, none after the next start.
  void go_on(const std::string& what, JournalWorld& world, Ledger& ledger, Contents found) {
    for (auto at = found.messages.begin(); at != found.messages.end();) {
      at = at->second.body ? std::next(at) : found.messages.erase(at);
    }
    ledger.start_over(found);
    Script script(world, ledger, run_.seed + 2, found);
    script.turns(4);
    world.settle_down();
    for (const std::string& wrong : world.wrong()) complain(what, wrong);
  }

  void complain(const std::string& what, const std::string& wrong) {
    failures_.push_back(fmt::format("seed {}, {}: {}", run_.seed, what, wrong));
  }

  DamageRun run_;
  std::mt19937_64 random_;
  Ledger ledger_;
  Medium medium_;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> run(const DamageRun& damage) {
  return Damager(damage).go();
}

}  // namespace forebay::testing
