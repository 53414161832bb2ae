// The crash matrix on the journal: a scripted run over new and recycled segments, run again for every n with
// the n-th operation on the disk failing, cut short, torn, delayed or lost, or with the power cut before it;
// disk trouble that passes; damaged files. FOREBAY_LONG=1: more seeds, and every recovery cut at every
// operation.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/backlog/crash_matrix.h"
#include "tests/backlog/damage.h"
#include "tests/backlog/open_journal.h"

namespace forebay::testing {
namespace {

bool long_run() {
  return std::getenv("FOREBAY_LONG") != nullptr;
}

constexpr uint64_t kSeed = 20240611;

void expect_none(const std::vector<std::string>& failures) {
  for (const std::string& failure : failures) ADD_FAILURE() << failure;
}

void expect_row_to_hold(const MatrixRow& row) {
  uint64_t seeds = long_run() ? 10 : 1;
  for (uint64_t seed = kSeed; seed < kSeed + seeds && !::testing::Test::HasFailure(); ++seed) {
    MatrixRun matrix{.open = open_test_journal, .seed = seed, .all_recovery_cuts = long_run()};
    expect_none(run(row, matrix));
  }
}

class CrashMatrix : public ::testing::TestWithParam<MatrixRow> {};

TEST_P(CrashMatrix, HoldsAtEveryOperation) {
  expect_row_to_hold(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Faults, CrashMatrix, ::testing::ValuesIn(fault_rows()),
                         [](const auto& row) { return row.param.name; });
INSTANTIATE_TEST_SUITE_P(Trouble, CrashMatrix, ::testing::ValuesIn(trouble_rows()),
                         [](const auto& row) { return row.param.name; });

// The run must be worth its name: segments sealed, recycled and compacted, checkpoints written.
TEST(CrashMatrixScript, UsesEveryPartOfTheJournal) {
  CrashOutcome outcome = run(CrashCase{.open = open_test_journal, .seed = kSeed});
  expect_none(outcome.violations);
  EXPECT_GT(outcome.operations, 250u);
}

// The control: on a disk whose syncs do nothing the same cuts must be found out.
TEST(CrashMatrixControl, FindsLossesOnADiskThatIgnoresSyncs) {
  for (Forget forget : {Forget::all, Forget::tail, Forget::random}) {
    auto control = run_with_syncs_ignored(forget, {.open = open_test_journal, .seed = kSeed, .every = 7});
    EXPECT_GT(control.found * 2, control.tried)
        << "seed " << kSeed << ", forget " << static_cast<int>(forget);
  }
}

TEST(DamagedJournal, NeverDeliversAWrongBodyAndNeverLosesSilently) {
  DamageRun damage{.open = open_test_journal, .seed = kSeed, .places = long_run() ? 100'000u : 800u};
  expect_none(run(damage));
}

}  // namespace
}  // namespace forebay::testing
