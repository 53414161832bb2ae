#include "config/warnings.h"

#include <unistd.h>

#include <algorithm>

#include "base/duration_text.h"
#include "config/forms.h"

namespace forebay {
namespace {

using Warnings = std::vector<std::string>;

void check_doors(const Config& config, Warnings* out) {
  bool any_http = false;
  for (size_t i = 0; i < config.doors.size(); ++i) {
    const DoorConfig& door = config.doors[i];
    if (door.type != DoorConfig::Type::http) continue;
    any_http = true;
    if (!is_loopback(door.host)) {
      out->push_back("doors[" + std::to_string(i) +
                     "] listens beyond this machine, and there are no tokens yet: whoever reaches it may publish");
    }
  }
  if (!any_http) out->push_back("there is no http door: nothing can be published");
}

// A downstream across a network answers no faster than this when it is busy.
constexpr Duration usual_reply = Duration::milliseconds(100);

// With `concurrency` sends in flight, each as long as its reply takes, slower replies put the limit out of
// reach.
double slowest_reply_seconds(const SinkConfig& sink, const LimitConfig& limit) {
  return sink.concurrency * limit.per.as_seconds() / static_cast<double>(limit.count);
}

void check_limit(const SinkConfig& sink, const LimitConfig& limit, Warnings* out) {
  const std::string where = "sinks." + sink.name + ": limit " + limit.name;
  const double slowest = slowest_reply_seconds(sink, limit);
  if (slowest < std::min(usual_reply, sink.timeout).as_seconds()) {
    out->push_back(where + " cannot be reached when replies take longer than " +
                   std::to_string(static_cast<int>(slowest * 1e3)) + "ms (concurrency " +
                   std::to_string(sink.concurrency) + ")");
  }
  if (limit.kind == LimitConfig::Kind::bucket && limit.burst > limit.count) {
    out->push_back(where + ": the burst is larger than what the rate lets through in " + format_duration(limit.per));
  }
}

void check_sink(const SinkConfig& sink, Warnings* out) {
  for (const LimitConfig& limit : sink.limits) check_limit(sink, limit, out);
  if (sink.limits.empty()) {
    out->push_back("sinks." + sink.name + " has no limits: only concurrency " + std::to_string(sink.concurrency) +
                   " holds it back");
  }
  if (!sink.ca_file.empty() && access(sink.ca_file.c_str(), R_OK) != 0) {
    out->push_back("sinks." + sink.name + ".ca_file cannot be read from here");
  }
  for (const ResponseRule& rule : sink.responses) {
    if (rule.then != ResponseRule::Then::throttle || rule.scope != ResponseRule::Scope::key) continue;
    out->push_back("sinks." + sink.name + ".responses: until keys are available, scope: key closes the whole sink");
  }
}

void check_queue(const QueueConfig& queue, Warnings* out) {
  const std::string where = "queues." + queue.name;
  if (queue.retry.max_backoff < queue.retry.min_backoff) {
    out->push_back(where + ".retry: max_backoff is below min_backoff");
  }
  if (queue.refuse_late && queue.ttl == Duration::max()) {
    out->push_back(where + ".on_late: refuse has an effect only on messages that bring a ttl of their own");
  }
}

// Said once, not for each queue: where the data_dir is small, it is so for all that have the default.
void check_queue_bytes(const Config& config, Warnings* out) {
  std::string names;
  for (const auto& [name, queue] : config.queues) {
    if (queue.max_bytes > config.max_bytes) names += (names.empty() ? "" : ", ") + name;
  }
  if (names.empty()) return;
  out->push_back("max_bytes of the data_dir is below that of the queues it holds, and is reached first: " + names);
}

bool drains_into(const Config& config, const std::string& sink) {
  for (const auto& [name, queue] : config.queues) {
    if (queue.sink == sink) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> config_warnings(const Config& config) {
  Warnings out;
  check_doors(config, &out);
  for (const auto& [name, sink] : config.sinks) {
    check_sink(sink, &out);
    if (!drains_into(config, name)) out.push_back("sinks." + name + " is not used by any queue");
  }
  if (config.queues.empty()) out.push_back("there are no queues: nothing can be published");
  for (const auto& [name, queue] : config.queues) check_queue(queue, &out);
  check_queue_bytes(config, &out);
  return out;
}

}  // namespace forebay
