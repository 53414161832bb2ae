#include "config/warnings.h"

#include <unistd.h>

#include <algorithm>

#include "base/duration_text.h"
#include "config/forms.h"
#include "config/limit_warnings.h"
#include "config/tls_files.h"

namespace forebay {
namespace {

using Warnings = std::vector<std::string>;

void check_certificate(const DoorConfig& door, const std::string& where, Warnings* out) {
  TlsFiles files;
  if (door.tls.cert.empty() || read_tls_files(door.tls, &files)) return;
  const std::string why = why_not_valid_now(*files.chain.front());
  if (!why.empty()) out->push_back(where + ".tls.cert " + why);
}

void check_doors(const Config& config, Warnings* out) {
  bool any_way_in = false;
  for (size_t i = 0; i < config.doors.size(); ++i) {
    const DoorConfig& door = config.doors[i];
    check_certificate(door, "doors[" + std::to_string(i) + "]", out);
    if (door.type == DoorConfig::Type::admin) continue;
    any_way_in = true;
    if (!is_loopback(door.host) && config.tokens.empty()) {
      out->push_back("doors[" + std::to_string(i) +
                     "] listens beyond this machine, and there are no tokens: whoever reaches it may publish");
    }
  }
  if (!any_way_in) out->push_back("there is no http or forward door: nothing can be published");
}

// A downstream across a network answers no faster than this when it is busy.
constexpr Duration usual_reply = Duration::milliseconds(100);

// With `concurrency` sends in flight, each as long as its reply takes, slower replies put the limit out of
// reach.
double slowest_reply_seconds(const SinkConfig& sink, const LimitConfig& limit) {
  return sink.concurrency * limit.per.as_seconds() / static_cast<double>(limit.count);
}

void check_limit(const std::string& path, const SinkConfig& sink, const LimitConfig& limit, Warnings* out) {
  if (limit.kind == LimitConfig::Kind::calendar) return;
  const std::string where = path + ": limit " + limit.name;
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

bool has_keyed_queue(const Config& config, const std::string& sink) {
  return std::any_of(config.queues.begin(), config.queues.end(), [&](const auto& pair) {
    return pair.second.sink == sink && pair.second.key.from != ValueSource::From::none;
  });
}

void check_scope(const Config& config, const SinkConfig& sink, Warnings* out) {
  using Scope = ResponseRule::Scope;
  if (has_keyed_queue(config, sink.name)) return;
  const std::string effect = ": no queue of it has a key, so a throttle closes the whole sink";
  if (sink.throttle_scope == Scope::key) out->push_back("sinks." + sink.name + ".throttle_scope" + effect);
  for (const ResponseRule& rule : sink.responses) {
    if (rule.then != ResponseRule::Then::throttle || rule.scope != Scope::key) continue;
    out->push_back("sinks." + sink.name + ".responses" + effect);
  }
}

void check_sink(const Config& config, const SinkConfig& sink, Warnings* out) {
  const std::string where = "sinks." + sink.name;
  for (const LimitConfig& limit : sink.limits) check_limit(where, sink, limit, out);
  const bool enforced =
      std::any_of(sink.limits.begin(), sink.limits.end(), [](const LimitConfig& limit) { return limit.enforce; });
  if (!enforced) {
    out->push_back(where + (sink.limits.empty() ? " has no limits" : " enforces none of its limits") +
                   ": only concurrency " + std::to_string(sink.concurrency) + " holds it back");
  }
  if (!sink.ca_file.empty() && access(sink.ca_file.c_str(), R_OK) != 0) {
    out->push_back(where + ".ca_file cannot be read from here");
  }
  if (sink.breaker.max_wait < sink.breaker.min_wait) out->push_back(where + ".breaker: max_wait is below min_wait");
  check_scope(config, sink, out);
}

void check_queue(const Config& config, const QueueConfig& queue, Warnings* out) {
  const std::string where = "queues." + queue.name;
  const auto sink = config.sinks.find(queue.sink);
  for (const LimitConfig& limit : queue.limits) {
    if (sink != config.sinks.end()) check_limit(where, sink->second, limit, out);
  }
  if (queue.retry.max_backoff < queue.retry.min_backoff) {
    out->push_back(where + ".retry: max_backoff is below min_backoff");
  }
  if (queue.refuse_late && queue.ttl == Duration::max()) {
    out->push_back(where + ".on_late: refuse has an effect only on messages that bring a ttl of their own");
  }
  warn_about_floors(queue, out);
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
    if (sink.type == "pull") continue;
    check_sink(config, sink, &out);
    if (!drains_into(config, name)) out.push_back("sinks." + name + " is not used by any queue");
  }
  if (config.queues.empty()) out.push_back("there are no queues: nothing can be published");
  for (const auto& [name, queue] : config.queues) check_queue(config, queue, &out);
  check_queue_bytes(config, &out);
  warn_about_quotas(config, &out);
  warn_about_key_memory(config, &out);
  warn_about_hours(config, &out);
  return out;
}

}  // namespace forebay
