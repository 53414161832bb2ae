// Lease and ack of a pulled queue by a few consumers, in batches of 100.
#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <vector>

#include "caller.h"
#include "crowd.h"
#include "dialects.h"
#include "hammer.h"
#include "load.h"
#include "proc.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr uint64_t messages = 200'000;
constexpr int consumers = 8;

// The lease ids of an answer, as a JSON list.
std::string ids_of(const std::string& leased, size_t* count) {
  std::string ids;
  constexpr std::string_view name = "\"lease_id\":";
  for (size_t at = leased.find(name); at != std::string::npos; at = leased.find(name, at + 1)) {
    const size_t begin = leased.find('"', at + name.size()), end = leased.find('"', begin + 1);
    ids += (ids.empty() ? "" : ",") + leased.substr(begin, end + 1 - begin);
    ++*count;
  }
  return ids;
}

void consume(uint16_t port, std::atomic<uint64_t>* done) {
  Caller caller(port);
  const std::string lease = http_post("/v1/queues/p/messages:lease", "", "{\"max\":100}");
  for (;;) {
    size_t count = 0;
    const std::string ids = ids_of(caller.ask(lease), &count);
    if (count == 0) return;
    caller.ask(http_post("/v1/queues/p/messages:ack", "", "{\"lease_ids\":[" + ids + "]}"));
    *done += count;
  }
}

// Ten thousand consumers that wait for a message: what they cost while none comes, and how fast each has one then.
Row waiting_row(const Options& options) {
  constexpr size_t count = 10'000;
  Row row{.name = "waiting_consumers",
          .figure = "memory of a consumer that waits, of 10,000",
          .unit = "KiB",
          .target = 10,
          .at_least = false};
  std::vector<double> idle, served;
  for (int round = 0; round < options.rounds; ++round) {
    const Directory directory(options.directory);
    const Relay relay(options.forebay, directory.make("relay"),
                      {.more = "  p: {pull: true}\n", .max_connections = count + 100});
    const auto before = static_cast<double>(rss_bytes(relay.pid()));
    Crowd crowd(relay.http_port(), count, http_post("/v1/queues/p/messages:lease", "", "{\"wait\":\"60s\"}"));
    crowd.listen(1, 1);
    row.ours.push_back((static_cast<double>(rss_bytes(relay.pid())) - before) / 1024 / count);
    const double cpu = cpu_seconds(relay.pid());
    crowd.listen(1, 5);
    idle.push_back((cpu_seconds(relay.pid()) - cpu) / 5);
    std::string lines;
    for (size_t i = 0; i < count; ++i) lines += "{\"body\":\"~\"}\n";
    const int64_t began = steady_ns();
    const HammerResult result =
        hammer({.port = relay.http_port(),
                .request = http_post("/v1/queues/p/messages:batch",
                                     "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n", lines),
                .read = http_replies(202),
                .requests_max = 1});
    if (result.good != 1) die("publishing to consumers: " + result.error);
    if (crowd.listen(count, 30) != count) die("a consumer got nothing");
    served.push_back(static_cast<double>(steady_ns() - began) / 1e9);
  }
  row.note = fmt::format("{:.3f} cores while they wait; a burst of 10,000 reached each in {:.2f} s", median(idle),
                         median(served));
  return row;
}

}  // namespace

std::vector<Row> pull_rows(const Options& options) {
  Row rate{.name = "lease_ack_100", .figure = "lease + ack, 100 at a time", .unit = "messages/s", .target = 50'000};
  std::vector<double> cpu;
  for (int round = 0; round < options.rounds; ++round) {
    const Directory directory(options.directory);
    const Relay relay(options.forebay, directory.make("relay"), {.more = "  p: {pull: true}\n"});
    const auto count = static_cast<double>(fill(relay, messages, "p"));
    std::atomic<uint64_t> done = 0;
    const double cpu_before = cpu_seconds(relay.pid());
    const int64_t began = steady_ns();
    std::vector<std::thread> threads;
    for (int i = 0; i < consumers; ++i) threads.emplace_back(consume, relay.http_port(), &done);
    for (std::thread& thread : threads) thread.join();
    const double seconds = static_cast<double>(steady_ns() - began) / 1e9;
    if (static_cast<double>(done) != count) die(fmt::format("{} of {} messages came back", done.load(), count));
    rate.ours.push_back(count / seconds);
    cpu.push_back((cpu_seconds(relay.pid()) - cpu_before) * 1e6 / count);
  }
  rate.note = fmt::format("{} consumers, bodies of {} B, each ack synced; relay's CPU {:.1f} us a message", consumers,
                          kBodyBytes, median(cpu));
  return {rate, waiting_row(options)};
}

}  // namespace forebay::bench
