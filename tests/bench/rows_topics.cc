// Fan-out: a topic of eight queues against a topic of one, by what reaches the disk.
#include <fmt/format.h>
#include <poll.h>

#include <cstdlib>
#include <utility>

#include "dialects.h"
#include "hammer.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr uint64_t batches = 100;
constexpr uint32_t lines = 64;

double figure(const std::string& metrics, const std::string& series) {
  const size_t at = metrics.find("\n" + series + " ");
  if (at == std::string::npos) die("no metric " + series);
  return std::strtod(metrics.c_str() + at + series.size() + 2, nullptr);
}

struct Cost {
  double bytes, syncs;  // of all batches
};

const std::string written = "forebay_journal_written_bytes_total{as=\"calls\"}";

// Until the spare segments are zeroed, which is written too and has nothing to do with topics.
void await_quiet(const Relay& relay) {
  double before = -1, now = figure(relay.metrics(), written);
  for (int i = 0; i < 60 && now != before; ++i) {
    poll(nullptr, 0, 500);
    before = std::exchange(now, figure(relay.metrics(), written));
  }
}

Cost measure(const Relay& relay, const std::string& topic, size_t body_bytes) {
  const std::string body = "{\"body\":\"" + std::string(body_bytes, 'x') + "\"}\n";
  std::string all;
  for (uint32_t i = 0; i < lines; ++i) all += body;
  await_quiet(relay);
  const std::string before = relay.metrics();
  const HammerResult result =
      hammer({.port = relay.http_port(),
              .request = http_post("/v1/topics/" + topic + "/messages:batch",
                                   "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n", all),
              .read = http_replies(202),
              .requests_max = batches});
  if (result.good != batches) die("publishing to a topic: " + result.error);
  const std::string after = relay.metrics();
  const auto grown = [&](const std::string& series) { return figure(after, series) - figure(before, series); };
  return {grown(written), grown("forebay_journal_sync_seconds_count")};
}

Row row(const Options& options, size_t body_bytes, const char* name, double target) {
  Row out{.name = name,
          .figure = fmt::format("bytes written, a topic of 8 queues, {} B", body_bytes),
          .unit = "B/message",
          .reference_name = "a topic of one queue",
          .target = target,
          .at_least = false};
  std::vector<double> syncs;
  for (int round = 0; round < options.rounds; ++round) {
    const Directory directory(options.directory);
    std::string queues, names;
    for (int i = 0; i < 8; ++i) {
      queues += fmt::format("  t{}: {{pull: true}}\n", i);
      names += fmt::format("{}t{}", i == 0 ? "" : ", ", i);
    }
    const Relay relay(options.forebay, directory.make("relay"),
                      {.more = queues + "topics:\n  eight: {queues: [" + names + "]}\n  one: {queues: [t0]}\n"});
    const Cost eight = measure(relay, "eight", body_bytes), one = measure(relay, "one", body_bytes);
    out.ours.push_back(eight.bytes / (batches * lines));
    out.reference.push_back(one.bytes / (batches * lines));
    syncs.push_back(eight.syncs / batches);
  }
  out.note = fmt::format("{:.2f} syncs a publish of {} messages, whatever the queues", median(syncs), lines);
  return out;
}

}  // namespace

std::vector<Row> topic_rows(const Options& options) {
  return {row(options, 1024, "fan_out_8_at_1KiB", 1.3), row(options, 300, "fan_out_8_at_300B", 1.5)};
}

}  // namespace forebay::bench
