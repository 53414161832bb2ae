// The rows of the crash matrix: one kind of fault each, applied to every operation of a scripted run in turn.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "tests/backlog/crash_case.h"

namespace forebay::testing {

struct MatrixRow {
  std::string name;
  Fault fault;                   // `at` is filled in
  std::optional<Forget> forget;  // how the life with the fault ends
  uint32_t lifted_after = 0;
  bool close = false;
};

std::ostream& operator<<(std::ostream& out, const MatrixRow& row);

std::vector<MatrixRow> fault_rows();    // one operation goes wrong, or the power is cut before it
std::vector<MatrixRow> trouble_rows();  // writes fail for a while, then the disk is well again

// Of which cases the recovery is cut again, at every operation of its own: of a sample of the power cuts, of all of
// them, or of every case.
enum class RecoveryCuts { sampled, after_power_cuts, all };

struct MatrixRun {
  OpenBacklog open;
  uint64_t seed = 1;
  uint64_t every = 1;         // operations: 1 is all of them
  uint64_t failures_max = 3;  // stop after so many
  RecoveryCuts recovery_cuts = RecoveryCuts::sampled;
};

// What failed, each with seed, operation and log; empty: the row holds.
std::vector<std::string> run(const MatrixRow& row, const MatrixRun& matrix);

// Of cuts on a disk whose syncs do nothing: how many were tried and how many found out.
struct ControlRun {
  uint64_t tried = 0;
  uint64_t found = 0;
};
ControlRun run_with_syncs_ignored(Forget forget, const MatrixRun& matrix);

}  // namespace forebay::testing
