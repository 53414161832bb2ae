#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "dialects.h"
#include "prober.h"
#include "proc.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr uint64_t kBound = 50'000;  // max_messages of the queue
constexpr double kLimit = 300;       // a second
constexpr double kOffered = 100 * kLimit;
constexpr double kSeconds = 60;
constexpr int kProbeIntervalMs = 7;

// Cumulative counts of a histogram without labels, by upper edge.
std::map<double, double> buckets(const std::string& metrics, const std::string& name) {
  std::map<double, double> counts;
  std::istringstream lines(metrics);
  const std::string prefix = name + "_bucket{le=\"";
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, prefix.size(), prefix) != 0) continue;
    const char* edge = line.c_str() + prefix.size();
    counts[strtod(edge, nullptr)] = strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return counts;
}

// The upper edge of the bucket that holds the quantile of what was added between two readings.
double quantile_between(const std::map<double, double>& before, const std::map<double, double>& after, double q) {
  if (after.empty()) die("forebay_loop_lag_seconds is not exported");
  const auto count = [&before](double edge, double now) {
    const auto found = before.find(edge);
    return found == before.end() ? now : now - found->second;
  };
  const double all = count(after.rbegin()->first, after.rbegin()->second);
  for (const auto& [edge, now] : after) {
    if (count(edge, now) >= q * all) return edge;
  }
  return after.rbegin()->first;
}

struct Overload {
  double peak_mib = 0, lag_p99_ms = 0, probe_p99_ms = 0, control_p99_ms = 0;
  uint64_t accepted = 0, refused = 0, odd = 0;
  double seconds = 0, reply_p99_ms = 0, drained_per_second = 0, waited = 0;
};

Overload overload(const Options& options) {
  const Directory directory(options.directory);
  const Gateway gateway(options.forebay, "300/1s"), idle(options.forebay, "none");
  const Relay relay(options.forebay, directory.make("relay"),
                    {.sink_port = gateway.port(), .limits = "[300/1s]", .max_messages = kBound});
  Overload out;
  const auto before = buckets(relay.metrics(), "forebay_loop_lag_seconds");
  Prober probe(relay.admin_port(), "/healthz", kProbeIntervalMs);
  Prober control(idle.port(), "/nothing", kProbeIntervalMs);  // what this machine makes anybody wait
  const HammerResult result = hammer({.port = relay.http_port(),
                                      .connections = 64,
                                      .window = 16,
                                      .request = http_publish("q"),
                                      .read = http_replies_or_refusals(202, &out.refused),
                                      .seconds_max = kSeconds,
                                      .requests_per_second = kOffered});
  out.probe_p99_ms = quantile(probe.end(), 0.99);
  out.control_p99_ms = quantile(control.end(), 0.99);
  const std::string error = result.error + probe.error() + control.error();
  if (!error.empty()) die("overload: " + error);
  out.peak_mib = static_cast<double>(rss_peak_bytes(relay.pid())) / (1 << 20);
  out.lag_p99_ms = quantile_between(before, buckets(relay.metrics(), "forebay_loop_lag_seconds"), 0.99) * 1e3;
  out.waited = waited_seconds(relay.pid());
  out.accepted = result.good - out.refused;
  out.drained_per_second = gateway.summary().mean_per_second;
  out.odd = result.bad;
  out.seconds = result.seconds;
  out.reply_p99_ms = result.p99_ms;
  return out;
}

}  // namespace

// Once, as long as it is: a bound that holds for the first seconds alone is none.
std::vector<Row> overload_rows(const Options& options) {
  const std::string what = fmt::format("overload, 100 x the limit for {:.0f} s: ", kSeconds);
  const Overload seen = overload(options);
  // What the queue holds, and what may have left it meanwhile.
  const double room = kBound + kLimit * (seen.seconds + 1);
  const double offered = static_cast<double>(seen.accepted + seen.refused + seen.odd) / seen.seconds;
  return {
      {.name = "overload_memory",
       .figure = what + "peak memory",
       .unit = "MiB",
       .ours = {seen.peak_mib},
       .target = 64 + 48.0 * kBound / (1 << 20),
       .at_least = false,
       .note = "64 MiB and 48 B a message"},
      {.name = "overload_odd_replies",
       .figure = what + "odd replies",
       .unit = "replies",
       .ours = {static_cast<double>(seen.odd)},
       .target = 0,
       .at_least = false,
       .note = "neither 202 nor 503 with Retry-After"},
      {.name = "overload_accepted",
       .figure = what + "accepted",
       .unit = "messages",
       .ours = {static_cast<double>(seen.accepted)},
       .target = room,
       .at_least = false,
       .note = fmt::format("the bound and what drained; {} refused; {:.0f} a second offered, p99 {:.1f} ms",
                           seen.refused, offered, seen.reply_p99_ms)},
      {.name = "overload_drained",
       .figure = what + "drained",
       .unit = "messages/s",
       .ours = {seen.drained_per_second},
       .target = 0.9 * kLimit,
       .note = "meanwhile, at the gateway"},
      {.name = "overload_loop_lag_p99",
       .figure = what + "loop lag p99",
       .unit = "ms",
       .ours = {seen.lag_p99_ms},
       .target = 5,
       .at_least = false,
       .note =
           fmt::format("forebay_loop_lag_seconds; upper edge of its bucket; the loop waited {:.1f} s for a processor",
                       seen.waited)},
      {.name = "overload_probe_p99",
       .figure = what + "probe p99",
       .unit = "ms",
       .ours = {seen.probe_p99_ms},
       .target = 5,
       .at_least = false,
       .note = fmt::format("GET /healthz from outside; a server beside it that has nothing else to do: {:.1f} ms",
                           seen.control_p99_ms)},
  };
}

}  // namespace forebay::bench
