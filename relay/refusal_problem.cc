#include "relay/refusal_problem.h"

#include <fmt/format.h>

#include "doors/refusal.h"

namespace forebay {
namespace {

Problem problem_of(Refusal::Why why, const QueueConfig& queue) {
  switch (why) {
    case Refusal::Why::late:
      return refusal(503, "too-late", "It would arrive too late",
                     fmt::format("queue \"{}\" cannot deliver it within its ttl at the limits in force", queue.name));
    case Refusal::Why::keys_full:
      return refusal(503, "keys-full", "There is no room for another key",
                     fmt::format("key_memory is full, and queue \"{}\" takes no message of a key that is not known yet "
                                 "(on_key_overflow: refuse)",
                                 queue.name));
    case Refusal::Why::full_bytes:
      return refusal(503, "backlog-full", "The backlog is full",
                     fmt::format("queue \"{}\" holds its max_bytes of {} bytes", queue.name, queue.max_bytes));
    case Refusal::Why::full_messages:
    case Refusal::Why::unknown_queue:  // the desk knows its queues
      break;
  }
  return refusal(503, "backlog-full", "The backlog is full",
                 fmt::format("queue \"{}\" holds its max_messages of {}", queue.name, queue.max_messages));
}

}  // namespace

Problem refusal_problem(const Refusal& refusal, const QueueConfig& queue) {
  Problem problem = problem_of(refusal.why, queue);
  problem.retry_after = refusal.retry_after;
  return problem;
}

Problem problem(int status, std::string type, std::string title, std::string detail) {
  Problem p;
  p.status = status;
  p.type = std::move(type);
  p.title = std::move(title);
  p.detail = std::move(detail);
  return p;
}

}  // namespace forebay
