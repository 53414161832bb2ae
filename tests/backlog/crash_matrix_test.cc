// The crash matrix: a scripted run over new and recycled segments, run again for every n with the n-th operation
// on the disk failing, cut short, torn, delayed, lost, or with the power cut before it. After each, with an
// outside ledger: nothing acknowledged is missing, nothing settled and committed comes back, nothing is invented
// or altered. FOREBAY_LONG=1 runs more seeds and cuts every recovery at every operation.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "tests/backlog/crash_case.h"
#include "tests/backlog/plain_log.h"

namespace forebay::testing {
namespace {

std::unique_ptr<Backlog> open_plain(const WorldParts& parts, std::vector<RecoveredMessage>* recovered,
                                    std::string* error) {
  return PlainLog::open(parts.files, parts.commit, parts.loop, parts.listener, Flaw::none, recovered, error);
}

bool long_run() { return std::getenv("FOREBAY_LONG") != nullptr; }

constexpr uint64_t kSeed = 20240611;

// A case a seed and operation: 0 violations, or a failure that tells how to see it again.
bool holds(const CrashCase& crash) {
  CrashOutcome outcome = run(crash);
  if (outcome.violations.empty()) return true;
  std::string lines;
  for (size_t i = 0; i < outcome.violations.size() && i < 6; ++i) lines += "  " + outcome.violations[i] + "\n";
  ADD_FAILURE() << describe(crash) << "\n" << lines << outcome.log;
  return false;
}

uint64_t operations_of(const CrashCase& crash) {
  CrashOutcome outcome = run(crash);
  EXPECT_TRUE(outcome.violations.empty()) << describe(crash) << "\n" << outcome.violations.front();
  return outcome.operations;
}

struct MatrixRow {
  const char* name;
  Fault fault;                  // `at` is filled in
  std::optional<Forget> forget;
};

std::ostream& operator<<(std::ostream& out, const MatrixRow& row) { return out << row.name; }

class CrashMatrix : public ::testing::TestWithParam<MatrixRow> {};

TEST_P(CrashMatrix, HoldsAtEveryOperation) {
  uint64_t seeds = long_run() ? 20 : 1;
  for (uint64_t seed = kSeed; seed < kSeed + seeds; ++seed) {
    CrashCase crash{.open = open_plain, .seed = seed};
    uint64_t operations = operations_of(crash);
    EXPECT_GT(operations, 200u);
    int failures = 0;
    for (uint64_t n = 1; n <= operations && failures < 3; ++n) {
      crash.fault = GetParam().fault;
      crash.fault->at = n;
      crash.forget = GetParam().forget;
      bool sampled = crash.fault->kind == Fault::Kind::cut && n % 41 == seed % 41;
      crash.recovery_cuts_every = long_run() ? 1 : sampled ? 1 : 0;
      // The second life ends in every way in turn.
      crash.forget_next = std::nullopt;
      if (n % 4 != 0) crash.forget_next = static_cast<Forget>(n % 4 - 1);
      if (!holds(crash)) ++failures;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , CrashMatrix,
    ::testing::Values(
        MatrixRow{"fail_killed", {.kind = Fault::Kind::fail, .error = EIO}, {}},
        MatrixRow{"fail_cut", {.kind = Fault::Kind::fail, .error = EIO}, Forget::random},
        MatrixRow{"short_write", {.kind = Fault::Kind::short_write, .error = EIO}, {}},
        MatrixRow{"short_write_cut", {.kind = Fault::Kind::short_write, .error = ENOSPC}, Forget::all},
        MatrixRow{"torn_write", {.kind = Fault::Kind::torn_write, .error = EIO}, {}},
        MatrixRow{"torn_write_cut", {.kind = Fault::Kind::torn_write, .error = EIO}, Forget::tail},
        MatrixRow{"delay", {.kind = Fault::Kind::delay}, Forget::random},
        MatrixRow{"lose_sync_killed", {.kind = Fault::Kind::lose_sync, .error = EIO}, {}},
        MatrixRow{"lose_sync_cut", {.kind = Fault::Kind::lose_sync, .error = EIO}, Forget::all},
        MatrixRow{"cut_all", {.kind = Fault::Kind::cut}, Forget::all},
        MatrixRow{"cut_tail", {.kind = Fault::Kind::cut}, Forget::tail},
        MatrixRow{"cut_random", {.kind = Fault::Kind::cut}, Forget::random}),
    [](const auto& param) { return std::string(param.param.name); });

// The control: on a disk whose syncs do nothing the same matrix must find what it is there to find.
TEST(CrashMatrixControl, FindsLossesOnADiskThatIgnoresSyncs) {
  for (Forget forget : {Forget::all, Forget::tail, Forget::random}) {
    CrashCase crash{.open = open_plain, .seed = kSeed, .ignore_syncs = true};
    uint64_t operations = run({.open = open_plain, .seed = kSeed}).operations;
    uint64_t tried = 0, found = 0;
    for (uint64_t n = 40; n <= operations; n += 7) {
      crash.fault = Fault{.kind = Fault::Kind::cut, .at = n};
      crash.forget = forget;
      ++tried;
      if (!run(crash).violations.empty()) ++found;
    }
    EXPECT_GT(found * 2, tried) << "seed " << kSeed << ", forget mode " << static_cast<int>(forget);
  }
}

}  // namespace
}  // namespace forebay::testing
