// The crash matrix tried on a log simple enough to be right, and on the same log with one flaw at a time.
#include <gtest/gtest.h>

#include <string>

#include "tests/backlog/crash_matrix.h"
#include "tests/backlog/damage.h"
#include "tests/backlog/plain_log.h"

namespace forebay::testing {
namespace {

constexpr uint64_t kSeed = 77;

OpenBacklog plain_log_with(Flaw flaw) {
  return [flaw](const WorldParts& parts, std::vector<RecoveredMessage>* recovered, std::string* error) {
    return PlainLog::open(parts.files, parts.commit, parts.loop, parts.listener, flaw, recovered, error);
  };
}

void expect_none(const std::vector<std::string>& failures) {
  for (const std::string& failure : failures) ADD_FAILURE() << failure;
}

class RightLog : public ::testing::TestWithParam<MatrixRow> {};

TEST_P(RightLog, HasNothingToBeFound) {
  expect_none(run(GetParam(), {.open = plain_log_with(Flaw::none), .seed = kSeed, .every = 5}));
}

INSTANTIATE_TEST_SUITE_P(Faults, RightLog, ::testing::ValuesIn(fault_rows()),
                         [](const auto& row) { return row.param.name; });
INSTANTIATE_TEST_SUITE_P(Trouble, RightLog, ::testing::ValuesIn(trouble_rows()),
                         [](const auto& row) { return row.param.name; });

struct KnownFlaw {
  std::string name;
  Flaw flaw;
  std::string row;  // that finds it
};

std::ostream& operator<<(std::ostream& out, const KnownFlaw& flaw) {
  return out << flaw.name;
}

class FlawedLog : public ::testing::TestWithParam<KnownFlaw> {};

TEST_P(FlawedLog, IsFoundOut) {
  for (const MatrixRow& row : fault_rows()) {
    if (row.name != GetParam().row) continue;
    MatrixRun matrix{.open = plain_log_with(GetParam().flaw), .seed = kSeed, .every = 1, .failures_max = 1};
    EXPECT_FALSE(run(row, matrix).empty()) << "seed " << kSeed;
    return;
  }
  FAIL() << "no such row";
}

INSTANTIATE_TEST_SUITE_P(
    , FlawedLog,
    ::testing::Values(KnownFlaw{"answers_before_sync", Flaw::answers_before_sync, "cut_all"},
                      KnownFlaw{"forgets_the_directory", Flaw::forgets_the_directory, "cut_all"},
                      KnownFlaw{"answers_after_failed_sync", Flaw::answers_after_failed_sync, "lose_sync_cut"},
                      KnownFlaw{"ignores_checksums", Flaw::ignores_checksums, "cut_random"},
                      KnownFlaw{"loses_changes_of_failed_writes", Flaw::loses_changes_of_failed_writes, "fail_killed"},
                      KnownFlaw{"forgets_costs", Flaw::forgets_costs, "stop_killed"},
                      KnownFlaw{"drops_spends", Flaw::drops_spends, "stop_killed"},
                      KnownFlaw{"bends_spends", Flaw::bends_spends, "cut_all"},
                      KnownFlaw{"counts_attempts_late", Flaw::counts_attempts_late, "fail_killed"},
                      KnownFlaw{"trusts_unsynced_bytes", Flaw::trusts_unsynced_bytes, "lose_sync_killed"}),
    [](const auto& flaw) { return flaw.param.name; });

TEST(CrashControl, FindsLossesOnADiskThatIgnoresSyncs) {
  for (Forget forget : {Forget::all, Forget::tail, Forget::random}) {
    auto control = run_with_syncs_ignored(forget, {.open = plain_log_with(Flaw::none), .seed = kSeed, .every = 9});
    EXPECT_GT(control.found * 2, control.tried) << "seed " << kSeed << ", forget " << static_cast<int>(forget);
  }
}

TEST(Damage, IsNoticedWhereChecksumsAreIgnored) {
  DamageRun damage{.open = plain_log_with(Flaw::ignores_checksums), .seed = kSeed, .places = 200, .failures_max = 1};
  EXPECT_FALSE(run(damage).empty());
}

}  // namespace
}  // namespace forebay::testing
