// The crash matrix on the journal: a scripted run over new and recycled segments, run again for every n with
// the n-th operation on the disk failing, cut short, torn, delayed or lost, the process killed or the power
// cut before it; disk trouble that passes; damaged files. Where the first life ends by a power cut, its recovery is cut
// at every operation of its own as well; a sample of them under a sanitizer. FOREBAY_SEED=n: that seed. FOREBAY_LONG=1:
// more seeds, and every recovery of every row is cut.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backlog/record.h"
#include "backlog/segment.h"
#include "tests/backlog/crash_matrix.h"
#include "tests/backlog/damage.h"
#include "tests/backlog/open_journal.h"
#include "tests/backlog/script.h"

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
constexpr bool kSampleRecoveryCuts = true;
#else
constexpr uint64_t kEvery = 1;
constexpr bool kSampleRecoveryCuts = false;
#endif

void expect_none(const std::vector<std::string>& failures) {
  for (const std::string& failure : failures) ADD_FAILURE() << failure;
}

void expect_row_to_hold(const MatrixRow& row) {
  uint64_t seeds = long_run() ? 10 : 1;
  for (uint64_t seed = kSeed; seed < kSeed + seeds && !::testing::Test::HasFailure(); ++seed) {
    MatrixRun matrix{.open = open_test_journal, .seed = seed, .every = kEvery};
    matrix.recovery_cuts = long_run()            ? RecoveryCuts::all
                           : kSampleRecoveryCuts ? RecoveryCuts::sampled
                                                 : RecoveryCuts::after_power_cuts;
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

int copies_in(Files& files, const std::string& name) {
  std::unique_ptr<File> file;
  SegmentHeader header;
  HeaderState state = HeaderState::blank;
  uint32_t version = 0;
  ByteBuffer bytes;
  if (files.open(name, Files::Mode::open_existing, &file) != 0 ||
      read_segment_header(*file, &header, &state, &version) != 0 || state != HeaderState::good ||
      read_segment(*file, SIZE_MAX, &bytes) != 0) {
    return 0;
  }
  int copies = 0;
  const auto count = [&](const FoundFrame& frame) {
    RecordReader reader(frame.view.records);
    for (Record record; reader.next(&record);) copies += record.kind == RecordKind::message && record.copy;
  };
  scan_segment(bytes.span(), header, 4096, bytes.size(), 0, count, nullptr);
  return copies;
}

// Those that later segments have not taken the place of yet.
int copies_left_by_a_run() {
  FaultyDisk disk(kSeed);
  Ledger ledger;
  JournalWorld world(disk, ledger, kSeed, open_test_journal);
  if (!world.open()) return 0;
  Script(world, ledger, kSeed, {}).turns(CrashCase{}.turns);
  world.settle_down();
  world.kill();
  disk.kill();
  const std::unique_ptr<Files> files = disk.files();
  std::vector<std::string> names;
  files->list(&names);
  int copies = 0;
  for (const std::string& name : names) copies += name.ends_with(".segment") ? copies_in(*files, name) : 0;
  return copies;
}

// The run must be worth its name: segments sealed, compacted and used again, checkpoints written, all several times
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
  EXPECT_GE(copies_left_by_a_run(), 10) << "messages that compaction moved";
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
