// Damage: a journal's files with one thing changed behind its back: a byte flipped, a file cut short or gone.
// What must hold: no crash, no wrong body, nothing invented; where acknowledged messages are lost, it is
// said: open refuses with a text, or the figures count a torn tail, a quarantined or a missing segment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/backlog/journal_world.h"

namespace forebay::testing {

struct DamageRun {
  OpenBacklog open;
  uint64_t seed = 1;
  uint64_t places = 600;  // bytes to flip, one at a time, spread over all files
  uint64_t failures_max = 3;
};

// What failed, each with the file and the place; empty: all held.
std::vector<std::string> run(const DamageRun& damage);

}  // namespace forebay::testing
