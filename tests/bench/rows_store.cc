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

struct Start {
  double seconds;     // from starting the process to the first arrival at its gateway
  double peak_bytes;  // the most memory it had until then
};

// A relay without limits on that data_dir.
Start start(const Options& options, const std::string& directory) {
  const Gateway gateway(options.forebay, "none");
  Relay relay(options.forebay, directory, {.sink_port = gateway.port()});
  const int64_t until = steady_ns() + 60'000'000'000;
  GatewaySummary summary;
  while ((summary = gateway.summary()).arrivals == 0) {
    if (steady_ns() > until) die("nothing is delivered after the restart");
    poll(nullptr, 0, 5);
  }
  const auto peak_bytes = static_cast<double>(rss_peak_bytes(relay.pid()));
  relay.end(SIGKILL);
  return {static_cast<double>(summary.first_arrival_ns - relay.started_ns()) / 1e9, peak_bytes};
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
  Row peak{.name = fmt::format("memory_starting_{}", scale.name),
           .figure = fmt::format("peak memory of that start, {}", scale.name),
           .unit = "MiB",
           .target = 64 + 48 * static_cast<double>(scale.messages) / (1 << 20),
           .at_least = false};
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
    const Start again = start(options, data);
    restart.ours.push_back(again.seconds);
    peak.ours.push_back(again.peak_bytes / (1 << 20));
  }
  rows.insert(rows.end(), {memory, flat, restart, peak});
}

}  // namespace

std::vector<Row> store_rows(const Options& options) {
  std::vector<Row> rows;
  measure(options, {1'000'000, "1M", 0.3, 0.05}, rows);
  if (options.long_run) measure(options, {10'000'000, "10M", 3, 0.3}, rows);
  return rows;
}

}  // namespace forebay::bench
