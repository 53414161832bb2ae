#include <fmt/format.h>
#include <poll.h>

#include <csignal>

#include "load.h"
#include "proc.h"
#include "rows.h"

namespace forebay::bench {
namespace {

struct Scale {
  uint64_t messages;
  const char* name;
  double restart_target, restart_stretch;
};

// From starting a relay without limits on that data_dir to the first arrival at its gateway.
double seconds_to_first_delivery(const Options& options, const std::string& directory) {
  const Gateway gateway(options.forebay, "none");
  Relay relay(options.forebay, directory, {.sink_port = gateway.port()});
  const int64_t until = steady_ns() + 60'000'000'000;
  GatewaySummary summary;
  while ((summary = gateway.summary()).arrivals == 0) {
    if (steady_ns() > until) die("nothing is delivered after the restart");
    poll(nullptr, 0, 5);
  }
  relay.end(SIGKILL);
  return static_cast<double>(summary.first_arrival_ns - relay.started_ns()) / 1e9;
}

void measure(const Options& options, const Scale& scale, std::vector<Row>& rows) {
  Row memory{.name = fmt::format("memory_per_message_{}", scale.name),
             .figure = fmt::format("memory per waiting message, {}", scale.name),
             .unit = "B",
             .target = 48,
             .at_least = false,
             .stretch = 16};
  Row flat{.name = fmt::format("memory_flat_{}", scale.name),
           .figure = fmt::format("memory with nothing waiting, before {}", scale.name),
           .unit = "MiB",
           .target = 64,
           .at_least = false};
  Row restart{.name = fmt::format("restart_{}", scale.name),
              .figure = fmt::format("restart to first delivery, {}, kill -9", scale.name),
              .unit = "s",
              .target = scale.restart_target,
              .at_least = false,
              .stretch = scale.restart_stretch};
  for (int round = 0; round < options.rounds; ++round) {
    const Directory directory(options.directory);
    const std::string data = directory.make("relay");
    const Gateway gateway(options.forebay, "none");
    Relay relay(options.forebay, data, {.sink_port = gateway.port(), .limits = "[1/24h]"});
    fill(relay, 50'000);  // buffers have their size from here on
    relay.purge();
    const auto before = static_cast<double>(rss_bytes(relay.pid()));
    const auto messages = static_cast<double>(fill(relay, scale.messages));
    flat.ours.push_back(before / (1 << 20));
    memory.ours.push_back((static_cast<double>(rss_bytes(relay.pid())) - before) / messages);
    relay.end(SIGKILL);
    restart.ours.push_back(seconds_to_first_delivery(options, data));
  }
  rows.insert(rows.end(), {memory, flat, restart});
}

}  // namespace

std::vector<Row> store_rows(const Options& options) {
  std::vector<Row> rows;
  measure(options, {1'000'000, "1M", 0.3, 0.05}, rows);
  if (options.long_run) measure(options, {10'000'000, "10M", 3, 0.3}, rows);
  return rows;
}

}  // namespace forebay::bench
