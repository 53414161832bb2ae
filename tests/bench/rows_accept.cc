#include <fmt/format.h>

#include <utility>

#include "dialects.h"
#include "hammer.h"
#include "proc.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr double kSeconds = 2;
constexpr uint32_t kBatch = 256;

struct Load {
  uint32_t connections;
  std::string ours, redis;
  uint32_t messages;  // a request
};

struct Outcome {
  double per_second = 0;
  double cpu_us = 0;  // of the server, per message
};

Outcome measure(HammerOptions options, pid_t server, uint32_t messages_per_reply, const char* what) {
  options.seconds_max = kSeconds;
  const double cpu_before = cpu_seconds(server);
  const HammerResult result = hammer(options);
  if (!result.error.empty() || result.bad > 0 || result.good == 0) {
    die(fmt::format("{}: {} bad replies, {}", what, result.bad, result.error));
  }
  const double messages = static_cast<double>(result.good) * messages_per_reply;
  return {result.per_second() * messages_per_reply, (cpu_seconds(server) - cpu_before) * 1e6 / messages};
}

struct Servers {
  explicit Servers(const Options& options)
      : directory(options.directory),
        gateway(options.forebay, "none"),
        redis(directory.make("redis")),
        relay(options.forebay, directory.make("relay"), {.sink_port = gateway.port(), .limits = "[1/24h]"}) {}

  Outcome ours(const Load& load) const {
    const Outcome outcome = measure(
        {.port = relay.http_port(), .connections = load.connections, .request = load.ours, .read = http_replies(202)},
        relay.pid(), load.messages, "forebay");
    relay.purge();
    return outcome;
  }
  Outcome theirs(const Load& load) const {
    const Outcome outcome = measure({.port = redis.port(),
                                     .connections = load.connections,
                                     .request = load.redis,
                                     .replies_per_request = load.messages,
                                     .read = redis_replies()},
                                    redis.pid(), 1, "redis");
    redis.clear();
    return outcome;
  }

  // Whoever comes second finds the disk and the neighbours as the first left them: they take turns.
  std::pair<Outcome, Outcome> both(const Load& load, bool ours_first) const {
    std::pair<Outcome, Outcome> outcomes;
    if (ours_first) outcomes.first = ours(load);
    outcomes.second = theirs(load);
    if (!ours_first) outcomes.first = ours(load);
    return outcomes;
  }

  Directory directory;
  Gateway gateway;
  Redis redis;
  Relay relay;
};

}  // namespace

std::vector<Row> accept_rows(const Options& options) {
  const Servers servers(options);
  const std::string disk = servers.directory.make("disk");
  const Load one{1, http_publish("q"), redis_xadd(1), 1};
  const Load many{64, http_publish("q"), redis_xadd(1), 1};
  const Load batched{8, http_batch("q", kBatch), redis_xadd(kBatch), kBatch};

  Row sync{.name = "one_producer_vs_disk",
           .figure = "1 producer, one outstanding",
           .unit = "messages/s",
           .reference_name = "bare fdatasync",
           .target = 0.4};
  Row sync_redis{.name = "one_producer_vs_redis",
                 .figure = "1 producer, one outstanding",
                 .unit = "messages/s",
                 .reference_name = "Redis XADD, always",
                 .target = 0.9};
  Row http{.name = "http64_vs_redis",
           .figure = "64 keep-alive HTTP producers",
           .unit = "messages/s",
           .reference_name = "Redis XADD, 64 clients",
           .target = 0.8,
           .stretch = 1.0};
  Row cpu{.name = "http64_cpu_vs_redis",
          .figure = "server CPU per message, 64 producers",
          .unit = "us",
          .reference_name = "Redis",
          .target = 1.5,
          .at_least = false,
          .stretch = 1.0};
  Row batch{
      .name = "batch256", .figure = "NDJSON batches of 256, 8 connections", .unit = "messages/s", .target = 250'000};
  Row batch_redis{.name = "batch256_vs_redis",
                  .figure = "NDJSON batches of 256, 8 connections",
                  .unit = "messages/s",
                  .reference_name = "Redis pipelined 256",
                  .target = 1.0};
  servers.ours(many), servers.theirs(many);  // warms both
  for (int round = 0; round < options.rounds; ++round) {
    const auto bare = bare_syncs_ms(disk, 1, ~size_t{0}, 0);
    double bare_ms = 0;
    for (const double ms : bare) bare_ms += ms;
    sync.reference.push_back(bare_ms > 0 ? static_cast<double>(bare.size()) / bare_ms * 1e3 : 0);
    const bool ours_first = round % 2 == 0;
    const auto [one_ours, one_theirs] = servers.both(one, ours_first);
    sync.ours.push_back(one_ours.per_second);
    sync_redis.ours.push_back(one_ours.per_second), sync_redis.reference.push_back(one_theirs.per_second);

    const auto [ours, theirs] = servers.both(many, ours_first);
    http.ours.push_back(ours.per_second), http.reference.push_back(theirs.per_second);
    cpu.ours.push_back(ours.cpu_us), cpu.reference.push_back(theirs.cpu_us);

    const auto [batch_ours, batch_theirs] = servers.both(batched, ours_first);
    batch.ours.push_back(batch_ours.per_second);
    batch_redis.ours.push_back(batch_ours.per_second), batch_redis.reference.push_back(batch_theirs.per_second);
  }
  return {sync, sync_redis, http, cpu, batch, batch_redis};
}

}  // namespace forebay::bench
