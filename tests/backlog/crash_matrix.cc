#include "tests/backlog/crash_matrix.h"

#include <cerrno>
#include <ostream>

namespace forebay::testing {
namespace {

constexpr DiskCalls kAllButSyncs = ~(only(DiskCall::sync) | only(DiskCall::sync_directory));

// What violates the contract in one case, as a text to act on; "" when nothing does.
std::string failure_of(const CrashCase& crash) {
  CrashOutcome outcome = run(crash);
  if (outcome.violations.empty()) return "";
  std::string text = describe(crash) + "\n";
  for (size_t i = 0; i < outcome.violations.size() && i < 6; ++i) text += "  " + outcome.violations[i] + "\n";
  return text + outcome.log;
}

CrashCase case_at(uint64_t n, const MatrixRow& row, const MatrixRun& matrix) {
  CrashCase crash{.open = matrix.open, .seed = matrix.seed};
  crash.fault = row.fault;
  crash.fault->at = n;
  crash.forget = row.forget;
  crash.lifted_after = row.lifted_after;
  const bool power_cut = row.fault.kind == Fault::Kind::cut;
  const bool sampled = matrix.recovery_cuts != RecoveryCuts::sampled || n % 41 == matrix.seed % 41;
  crash.recovery_cuts_every = matrix.recovery_cuts == RecoveryCuts::all || (power_cut && sampled) ? 1 : 0;
  // The second life ends in every way in turn.
  if (n % 4 != 0) crash.forget_next = static_cast<Forget>(n % 4 - 1);
  crash.close = row.close;
  crash.close_next = n % 3 == 0;
  if (n % 8 == 3) crash.turns_next = 60;  // long enough to write over what the first life left
  return crash;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const MatrixRow& row) {
  return out << row.name;
}

std::vector<MatrixRow> fault_rows() {
  using enum Fault::Kind;
  return {
      {"fail_killed", {.kind = fail, .error = EIO}, {}},
      {"fail_cut", {.kind = fail, .error = EIO}, Forget::random},
      {"short_write", {.kind = short_write, .error = EIO}, {}},
      {"short_write_cut", {.kind = short_write, .error = ENOSPC}, Forget::all},
      {"torn_write", {.kind = torn_write, .error = EIO}, {}},
      {"torn_write_cut", {.kind = torn_write, .error = EIO}, Forget::tail},
      {"delay", {.kind = delay}, Forget::random},
      {"lose_sync_killed", {.kind = lose_sync, .error = EIO}, {}},
      {"lose_sync_cut", {.kind = lose_sync, .error = EIO}, Forget::all},
      {"stop_killed", {.kind = stop}, {}},
      {"cut_all", {.kind = cut}, Forget::all},
      {"cut_tail", {.kind = cut}, Forget::tail},
      {"cut_random", {.kind = cut}, Forget::random},
      {"cut_closing", {.kind = cut}, Forget::random, 0, true},
      {"fail_closing", {.kind = fail, .error = ENOSPC}, {}, 0, true},
  };
}

std::vector<MatrixRow> trouble_rows() {
  using enum Fault::Kind;
  return {
      {"disk_full", {.kind = fail, .until = kUntilLifted, .error = ENOSPC, .calls = kCallsThatNeedSpace}, {}, 12},
      {"disk_full_cut",
       {.kind = short_write, .until = kUntilLifted, .error = ENOSPC, .calls = kCallsThatNeedSpace},
       Forget::random,
       12},
      {"quota", {.kind = fail, .until = kUntilLifted, .error = EDQUOT, .calls = kCallsThatNeedSpace}, {}, 3},
      {"write_errors",
       {.kind = torn_write, .until = kUntilLifted, .error = EIO, .calls = only(DiskCall::write)},
       {},
       12},
      {"read_only", {.kind = fail, .until = kUntilLifted, .error = EROFS, .calls = kAllButSyncs}, Forget::all, 12},
  };
}

std::vector<std::string> run(const MatrixRow& row, const MatrixRun& matrix) {
  CrashCase plain{.open = matrix.open, .seed = matrix.seed, .close = row.close};
  std::vector<std::string> failures;
  if (std::string failed = failure_of(plain); !failed.empty()) return {failed};
  uint64_t operations = run(plain).operations;
  for (uint64_t n = 1; n <= operations && failures.size() < matrix.failures_max; n += matrix.every) {
    std::string failed = failure_of(case_at(n, row, matrix));
    if (!failed.empty()) failures.push_back(std::move(failed));
  }
  return failures;
}

ControlRun run_with_syncs_ignored(Forget forget, const MatrixRun& matrix) {
  uint64_t operations = run(CrashCase{.open = matrix.open, .seed = matrix.seed}).operations;
  ControlRun control;
  for (uint64_t n = operations / 8; n <= operations; n += matrix.every) {
    CrashCase crash{.open = matrix.open, .seed = matrix.seed, .forget = forget, .ignore_syncs = true};
    crash.fault = Fault{.kind = Fault::Kind::cut, .at = n};
    ++control.tried;
    if (!run(crash).violations.empty()) ++control.found;
  }
  return control;
}

}  // namespace forebay::testing
