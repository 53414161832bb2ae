// The rules of the house, each a function of the source tree: what breaks it, one line each, empty for none.
// A file that is not there breaks no rule by itself.
#pragma once

#include <string>
#include <vector>

#include "tests/house/tree.h"

namespace forebay {

using Complaints = std::vector<std::string>;

// Includes between the folders point one way, as the table says.
Complaints include_arrows(const Tree& tree);

// relay/assemble.cc alone names concrete classes; main.cc and the commands know assembly and nothing behind
// it.
Complaints one_assembly(const Tree& tree);

// The core has no clock, chance, thread or socket of its own: limiter/, and relay/ but for its shell.
Complaints pure_core(const Tree& tree);

// Every test file is named by some CMake target.
Complaints named_tests(const Tree& tree);

// Tests neither sleep nor skip; nothing is left for later in a comment.
Complaints no_shortcuts(const Tree& tree);

// Every row of docs/faults.md names tests that exist.
Complaints tested_faults(const Tree& tree);

// Every metric that a dashboard or a rule uses is exported by the program.
Complaints exported_metrics(const Tree& tree);

// No path of one particular machine.
Complaints no_machine_paths(const Tree& tree);

// README.md's map names every top-level folder.
Complaints whole_map(const Tree& tree);

// No file of code beyond 400 lines.
Complaints short_files(const Tree& tree);

}  // namespace forebay
