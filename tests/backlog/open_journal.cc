#include "tests/backlog/open_journal.h"

#include "backlog/journal.h"

namespace forebay::testing {

std::unique_ptr<Backlog> open_test_journal(const WorldParts& parts, std::vector<RecoveredMessage>* recovered,
                                           std::string* error) {
  JournalOptions options;
  options.segment_bytes = 16 * 1024;
  options.checkpoint_bytes = 24 * 1024;
  options.max_bytes = 320 * 1024;
  options.window_bytes = 16 * 1024;
  options.new_store_id = 7;
  JournalPorts ports{parts.files, parts.commit, parts.helper, parts.reader, parts.loop, parts.clock, parts.listener};
  std::unique_ptr<Journal> journal;
  const auto keep = [&](std::span<const RecoveredMessage> messages) {
    recovered->insert(recovered->end(), messages.begin(), messages.end());
  };
  if (Journal::open(ports, options, &journal, error) != 0) return nullptr;
  if (journal->recover(keep, error) != 0) return nullptr;
  return journal;
}

}  // namespace forebay::testing
