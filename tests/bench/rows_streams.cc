// Ten thousand readers of one topic, a hundred messages a second.
#include <fmt/format.h>

#include <thread>
#include <vector>

#include "crowd.h"
#include "dialects.h"
#include "hammer.h"
#include "proc.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr size_t readers = 10'000;
constexpr double seconds = 10, per_second = 100;

}  // namespace

std::vector<Row> stream_rows(const Options& options) {
  Row cores{.name = "stream_readers",
            .figure = fmt::format("{} live readers, {} messages/s", readers, per_second),
            .unit = "cores",
            .target = 1,
            .at_least = false};
  Row memory{.name = "stream_reader_memory",
             .figure = "memory of a live reader",
             .unit = "KiB",
             .target = 10,
             .at_least = false};
  double missed = 0;
  for (int round = 0; round < options.rounds; ++round) {
    const Directory directory(options.directory);
    const Relay relay(options.forebay, directory.make("relay"),
                      {.more = "topics:\n  live: {}\n", .max_connections = readers + 100});
    const auto before = static_cast<double>(rss_bytes(relay.pid()));
    Crowd crowd(relay.http_port(), readers, http_get_request("/v1/topics/live/stream"));
    crowd.listen(1, 1);
    memory.ours.push_back((static_cast<double>(rss_bytes(relay.pid())) - before) / 1024 / readers);
    const double cpu_before = cpu_seconds(relay.pid());
    const int64_t began = steady_ns();
    std::thread publisher([&relay] {
      const HammerResult result =
          hammer({.port = relay.http_port(),
                  .request = http_post("/v1/topics/live/messages", "", std::string(199, 'x') + "~"),
                  .read = http_replies(202),
                  .requests_max = static_cast<uint64_t>(per_second * seconds),
                  .requests_per_second = per_second});
      if (!result.error.empty() || result.bad > 0) die("publishing to a topic: " + result.error);
    });
    const auto wanted = static_cast<uint64_t>(per_second * seconds) * readers;
    const uint64_t got = crowd.listen(wanted, 3 * seconds);
    publisher.join();
    cores.ours.push_back((cpu_seconds(relay.pid()) - cpu_before) / (static_cast<double>(steady_ns() - began) / 1e9));
    missed += static_cast<double>(wanted - got);
  }
  cores.note = fmt::format("bodies of 200 B; {} events missed", missed);
  return {cores, memory};
}

}  // namespace forebay::bench
