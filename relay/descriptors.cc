#include "relay/descriptors.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "doors/server.h"

namespace forebay {
namespace {

// The segments kept open for reading (16), those being written, sealed and zeroed, index, checkpoint and attempts
// files, and the loop's own.
constexpr uint64_t journal_descriptors = 32;
// A send whose host is a name: libcurl's pair of sockets to its look-up thread, that thread's own two, and no
// connection yet; a connection takes one.
constexpr uint64_t descriptors_per_send = 4;
constexpr uint32_t admin_connections_when_short = 32;
constexpr uint32_t http_connections_least = 16;

// The most connections whose descriptors_max() fits.
uint32_t connections_within(uint64_t descriptors) {
  const uint64_t turned_away = std::clamp<uint64_t>(descriptors / 8, 4, 64);
  const uint64_t connections = descriptors > turned_away ? descriptors - turned_away : 0;
  return static_cast<uint32_t>(std::min<uint64_t>(connections, UINT32_MAX));
}

// Of doors a plan knows two kinds: those of operators, and those through which messages come.
bool is_of(const DoorConfig& door, DoorConfig::Type type) {
  return (door.type == DoorConfig::Type::admin) == (type == DoorConfig::Type::admin);
}

uint64_t wanted_by(const Config& config, DoorConfig::Type type, uint32_t connections_max) {
  uint64_t wanted = 0;
  for (const DoorConfig& door : config.doors) {
    if (is_of(door, type)) wanted += 1 + descriptors_max(std::min(door.max_connections, connections_max));
  }
  return wanted;
}

uint32_t most_connections(const Config& config, DoorConfig::Type type) {
  uint32_t most = 0;
  for (const DoorConfig& door : config.doors) {
    if (is_of(door, type)) most = std::max(most, door.max_connections);
  }
  return most;
}

}  // namespace

DescriptorPlan plan_descriptors(const Config& config, uint64_t limit, uint64_t open_now) {
  using Type = DoorConfig::Type;
  DescriptorPlan plan;
  for (const auto& [name, sink] : config.sinks) {
    if (sink.type != "pull") plan.sinks += descriptors_per_send * sink.concurrency;
  }
  for (const auto& [name, queue] : config.queues) {
    if (!queue.check_url.empty()) plan.sinks += descriptors_per_send * check_requests_max;
  }
  plan.journal = journal_descriptors;
  plan.http_connections_max = most_connections(config, Type::http);
  plan.admin_connections_max = most_connections(config, Type::admin);
  plan.admin = wanted_by(config, Type::admin, plan.admin_connections_max);
  const uint64_t needed = open_now + plan.sinks + plan.journal;
  const uint64_t left = limit > needed ? limit - needed : 0;
  if (plan.admin + wanted_by(config, Type::http, plan.http_connections_max) <= left) return plan;
  plan.admin_connections_max = std::min(plan.admin_connections_max, admin_connections_when_short);
  plan.admin = wanted_by(config, Type::admin, plan.admin_connections_max);
  const auto doors = static_cast<uint64_t>(std::count_if(config.doors.begin(), config.doors.end(),
                                                         [](const auto& door) { return is_of(door, Type::http); }));
  const uint64_t share = left > plan.admin && doors > 0 ? (left - plan.admin) / doors : 0;
  const uint32_t within = connections_within(share > 0 ? share - 1 : 0);
  plan.too_few = within < http_connections_least;
  plan.http_connections_max = std::min(plan.http_connections_max, std::max(within, http_connections_least));
  return plan;
}

std::string explain(const DescriptorPlan& plan, const Config& config, uint64_t limit) {
  const uint32_t wanted = most_connections(config, DoorConfig::Type::http);
  if (!plan.too_few && plan.http_connections_max == wanted) return {};
  return fmt::format(
      "of the {} file descriptors this process may open, sinks may need {}, the journal {}, admin doors {}: an http "
      "door "
      "takes {} connections at once, not {}{}; raise the limit (LimitNOFILE=, ulimit -n)",
      limit, plan.sinks, plan.journal, plan.admin, plan.http_connections_max, wanted,
      plan.too_few ? ", and even so there are too few: sends may have to wait for a descriptor" : "");
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;  // the least that Linux gives
  return limit.rlim_cur;
}

uint64_t open_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  uint64_t count = 0;
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.';
  closedir(directory);
  return count - 1;  // the directory's own
}

}  // namespace forebay
