// CrashCase: one run of the scripted traffic with one thing going wrong, a crash, and what came after it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/faulty_disk.h"
#include "tests/backlog/journal_world.h"
#include "tests/backlog/ledger.h"

namespace forebay::testing {

struct CrashCase {
  OpenBacklog open;  // the backlog under test
  uint64_t seed = 1;
  uint32_t turns = 130;
  std::optional<Fault> fault;         // during the first life
  std::optional<Forget> forget;       // how the first life ends: a power cut; none: the process is killed
  std::optional<Forget> forget_next;  // the same of the second life
  bool ignore_syncs = false;
  bool close = false;        // the first life is closed in good order before it ends, as far as it gets
  bool close_next = false;   // the same of the second
  uint32_t turns_next = 12;  // of the second life
  // The fault is lifted so many turns after it began, and messages must be accepted again; 0: it is not
  // lifted.
  uint32_t lifted_after = 0;
  // Cut the power again during recovery: at every such-and-such operation of it; 0: not.
  uint64_t recovery_cuts_every = 0;
};

struct CrashOutcome {
  std::vector<std::string> violations;
  bool fault_happened = false;
  bool loud = false;        // open refused with a text, or on_broken
  uint64_t operations = 0;  // of the first life
  uint64_t recovery_operations = 0;
  uint64_t refused = 0;                // messages refused in the first life
  std::string log;                     // around the fault
  std::vector<DiskOperation> history;  // of the first life, where nothing goes wrong in it
};

CrashOutcome run(const CrashCase& crash);

// "seed 7, cut at operation 31 (once) …", for whoever has to run it again.
std::string describe(const CrashCase& crash);

}  // namespace forebay::testing
