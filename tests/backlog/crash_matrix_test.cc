// The crash matrix on the journal: a scripted run over new and recycled segments, run again for every n with
// the n-th operation on the disk failing, cut short, torn, delayed or lost, the process killed or the power
// cut before it; disk trouble that passes; damaged files. FOREBAY_SEED=n: that seed. FOREBAY_LONG=1: more
// seeds, and every recovery is cut at every operation of its own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/backlog/crash_matrix.h"
#include "tests/backlog/damage.h"
#include "tests/backlog/open_journal.h"

namespace forebay::testing {
namespace {

bool long_run() {
  return std::getenv("FOREBAY_LONG") != nullptr;
}

uint64_t first_seed() {
  const char* seed = std::getenv("FOREBAY_SEED");
  return seed == nullptr ? 20240611 : std::strtoull(seed, nullptr, 10);
}

const uint64_t kSeed = first_seed();

// Every operation in a plain build; a sample where a sanitizer makes each case ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kEvery = 7;
#else
constexpr uint64_t kEvery = 1;
#endif

void expect_none(const std::vector<std::string>& failures) {
  for (const std::string& failure : failures) ADD_FAILURE() << failure;
}

void expect_row_to_hold(const MatrixRow& row) {
  uint64_t seeds = long_run() ? 10 : 1;
  for (uint64_t seed = kSeed; seed < kSeed + seeds && !::testing::Test::HasFailure(); ++seed) {
    MatrixRun matrix{.open = open_test_journal, .seed = seed, .every = kEvery, .all_recovery_cuts = long_run()};
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

// The run must be worth its name: segments sealed and used again, checkpoints written, all several times
// over.
TEST(CrashMatrixScript, UsesEveryPartOfTheJournal) {
  CrashOutcome outcome = run(CrashCase{.open = open_test_journal, .seed = kSeed});
  expect_none(outcome.violations);
  EXPECT_GT(outcome.operations, 300u);
  EXPECT_EQ(outcome.refused, 0u);
  std::map<std::string, int> headers;
  int recycled_and_written = 0, checkpoints = 0, indexes = 0;
  for (const DiskOperation& operation : outcome.history) {
    bool segment = operation.name.ends_with(".segment") && operation.call == DiskCall::write;
    if (segment && operation.offset == 0 && operation.bytes == 4096) ++headers[operation.name];
    if (segment && operation.offset == 4096 && headers[operation.name] > 1) ++recycled_and_written;
    if (operation.call == DiskCall::rename && operation.name.starts_with("checkpoint")) ++checkpoints;
    if (operation.call == DiskCall::create && operation.name.ends_with(".index")) ++indexes;
  }
  EXPECT_GE(recycled_and_written, 3);
  EXPECT_GE(checkpoints, 4);
  EXPECT_GE(indexes, 4);
}

// Closed in good order: the next start finds everything, and nothing to say about it.
TEST(ClosedJournal, ComesBackAsItWas) {
  for (Forget forget : {Forget::all, Forget::tail, Forget::random}) {
    CrashCase crash{.open = open_test_journal, .seed = kSeed, .forget = forget, .close = true, .close_next = true};
    expect_none(run(crash).violations);
  }
}

// The control: on a disk whose syncs do nothing the same cuts must be found out.
TEST(CrashMatrixControl, FindsLossesOnADiskThatIgnoresSyncs) {
  for (Forget forget : {Forget::all, Forget::tail, Forget::random}) {
    auto control = run_with_syncs_ignored(forget, {.open = open_test_journal, .seed = kSeed, .every = 7});
    EXPECT_GT(control.found * 2, control.tried) << "seed " << kSeed << ", forget " << static_cast<int>(forget);
  }
}

TEST(DamagedJournal, NeverDeliversAWrongBodyAndNeverLosesSilently) {
  DamageRun damage{.open = open_test_journal, .seed = kSeed, .places = long_run() ? 100'000u : 800u};
  expect_none(run(damage));
}

}  // namespace
}  // namespace forebay::testing
