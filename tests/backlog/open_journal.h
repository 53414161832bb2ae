// The journal under test: small segments and checkpoints, so that a few hundred operations seal, recycle,
// checkpoint and compact.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/backlog/journal_world.h"

namespace forebay::testing {

std::unique_ptr<Backlog> open_test_journal(const WorldParts& parts, std::vector<RecoveredMessage>* recovered,
                                           std::string* error);

}  // namespace forebay::testing
