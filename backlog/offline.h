// Looking at a data_dir without opening it: nothing is written, no lock is taken. Beside a running forebay
// the newest frames may look torn; stop it for a verdict. Both return 0, or 1 when something is wrong, and
// say so in `report`, a line each, with file and byte.
#pragma once

#include <string>

#include "backlog/files.h"

namespace forebay {

// What is there: store, checkpoints, segments with their frames, records, life and death. 1: it cannot be
// opened.
int journal_stat(Files& files, std::string* report);

// stat, and every frame and every message of every segment read and checked. 1: anything is damaged or
// missing. A torn tail is told and is not damage: nothing in it was ever acknowledged.
int journal_verify(Files& files, std::string* report);

}  // namespace forebay
