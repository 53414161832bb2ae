#include "relay/journal_room.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

#include "relay/answers.h"

namespace forebay {

std::optional<Problem> JournalRoom::refusal(uint64_t bytes, size_t messages, Now now, int* error) {
  *error = backlog_.room(bytes, messages);
  if (*error == 0) return std::nullopt;
  const std::string why = backlog_.figures().refusing_why;
  if (*error != ENOSPC || !why.empty()) return storage_problem(*error, why);
  if (refused_bytes_ == 0) {
    spdlog::error("the journal holds its max_bytes of {}: messages are refused with 507, draining goes on", max_bytes_);
  }
  refused_bytes_ = refused_bytes_ == 0 ? bytes : std::min(refused_bytes_, bytes);
  return full_problem(now);
}

// Space comes back by whole segments.
Problem JournalRoom::full_problem(Now now) const {
  Problem problem = storage_problem(ENOSPC, "");
  problem.detail = refusing_because() + "; nothing was kept, send it again later";
  problem.retry_after = core_.until_drained(segment_bytes_, now);
  return problem;
}

void JournalRoom::look_again() {
  if (refused_bytes_ == 0 || backlog_.room(refused_bytes_) != 0) return;
  refused_bytes_ = 0;
  spdlog::info("the journal has room for messages again");
}

std::string JournalRoom::refusing_because() const {
  if (refused_bytes_ == 0) return {};
  return fmt::format("the journal holds its max_bytes of {} bytes", max_bytes_);
}

}  // namespace forebay
