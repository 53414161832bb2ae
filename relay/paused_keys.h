// PausedKeys: which keys of a queue an operator has paused, as notes in the backlog, so that they survive a restart.
// The notes of a queue are numbered from 0 without a gap: a new key takes the next number, the last one fills the place
// of one that goes, in one frame of the journal.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.h"

namespace forebay {

class PausedKeys {
 public:
  explicit PausedKeys(Backlog& backlog) : backlog_(backlog) {}

  static constexpr size_t count_max = 1000;  // of a queue

  enum class Change { made, none, full };  // none: it is so already
  // Writes the notes; nothing else.
  Change set(const std::string& queue, const std::string& key, bool paused);
  const std::vector<std::string>& of(const std::string& queue);

 private:
  void note(const std::string& queue, size_t place, std::string_view key);

  Backlog& backlog_;
  std::map<std::string, std::vector<std::string>> keys_;  // of the queues that were asked for
};

}  // namespace forebay
