#include "config/difference.h"

namespace forebay {

Difference difference(const Config& before, const Config& after) {
  Difference found;
  found.applied = {"queues", "sinks"};
  if (before.data_dir != after.data_dir) found.needs_restart.push_back("data_dir");
  if (before.max_bytes != after.max_bytes) found.needs_restart.push_back("max_bytes");
  if (before.doors.size() != after.doors.size()) found.needs_restart.push_back("doors");
  return found;
}

}  // namespace forebay
