#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "dialects.h"
#include "load.h"
#include "proc.h"
#include "rows.h"

namespace forebay::bench {
namespace {

constexpr uint64_t kBound = 50'000;  // max_messages of the queue
constexpr double kOffered = 30'000;  // a second, 100 times the limit

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

}  // namespace

std::vector<Row> overload_rows(const Options& options) {
  const double seconds = options.long_run ? 60 : 10;
  const std::string what = fmt::format("overload, 100 x the limit for {:.0f} s: ", seconds);
  Row memory{.name = "overload_memory",
             .figure = what + "peak memory",
             .unit = "MiB",
             .target = 64 + 48.0 * kBound / (1 << 20),
             .at_least = false};
  Row odd{.name = "overload_odd_replies",
          .figure = what + "odd replies",
          .unit = "replies",
          .target = 0,
          .at_least = false,
          .note = "neither 202 nor 503 with Retry-After"};
  Row refusals{.name = "overload_refusals", .figure = what + "503s", .unit = "replies", .target = 1};
  Row lag{.name = "overload_loop_lag_p99",
          .figure = what + "loop lag p99",
          .unit = "ms",
          .target = 5,
          .at_least = false,
          .note = "upper edge of its bucket"};
  const int rounds = options.long_run ? 1 : options.rounds;
  for (int round = 0; round < rounds; ++round) {
    const Directory directory(options.directory);
    const Gateway gateway(options.forebay, "300/1s");
    const Relay relay(options.forebay, directory.make("relay"),
                      {.sink_port = gateway.port(), .limits = "[300/1s]", .max_messages = kBound});
    const auto before = buckets(relay.metrics(), "forebay_loop_lag_seconds");
    uint64_t refused = 0;
    const HammerResult result = hammer({.port = relay.http_port(),
                                        .connections = 64,
                                        .window = 16,
                                        .request = http_publish("q"),
                                        .read = http_replies_or_refusals(202, &refused),
                                        .seconds_max = seconds,
                                        .requests_per_second = kOffered});
    if (!result.error.empty()) die("overload: " + result.error);
    memory.ours.push_back(static_cast<double>(rss_peak_bytes(relay.pid())) / (1 << 20));
    odd.ours.push_back(static_cast<double>(result.bad));
    refusals.ours.push_back(static_cast<double>(refused));
    refusals.note = fmt::format("of {} replies, p99 {:.1f} ms", result.good + result.bad, result.p99_ms);
    lag.ours.push_back(quantile_between(before, buckets(relay.metrics(), "forebay_loop_lag_seconds"), 0.99) * 1e3);
  }
  return {memory, odd, refusals, lag};
}

}  // namespace forebay::bench
