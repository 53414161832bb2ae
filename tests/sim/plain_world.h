// A world with one queue "q" into one sink "s", for tests to bend.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "sim/traffic.h"
#include "sim/world.h"

namespace forebay::sim {

inline Config plain_config() {
  Config config;
  SinkConfig sink;
  sink.name = "s";
  sink.url = "http://127.0.0.1:1/";
  sink.concurrency = 10'000;
  config.sinks["s"] = sink;
  QueueConfig queue;
  queue.name = "q";
  queue.sink = "s";
  config.queues["q"] = queue;
  return config;
}

inline LimitConfig window(uint64_t count, Duration per) {
  LimitConfig limit;
  limit.count = count;
  limit.per = per;
  return limit;
}

inline LimitConfig bucket(uint64_t count, Duration per, uint64_t burst = 1) {
  LimitConfig limit = window(count, per);
  limit.kind = LimitConfig::Kind::bucket;
  limit.burst = burst;
  return limit;
}

// No time passes but what the limits make pass.
inline WorldOptions instant_world(uint64_t seed = 1) {
  WorldOptions options;
  options.seed = seed;
  options.sync = {Duration{}, Duration{}};
  options.journal_spends = false;
  return options;
}

inline Traffic traffic(std::unique_ptr<Rhythm> rhythm, Stamp stamp = {}, Patience patience = {}, uint64_t seed = 7) {
  if (stamp.request.queue == 0) stamp.request.queue = 1;
  if (stamp.request.bytes == 0) stamp.request.bytes = 300;
  return Traffic(std::move(rhythm), std::move(stamp), patience, seed);
}

// Delays of what was sent, in the order of sending.
class Delays : public Observer {
 public:
  std::vector<Duration> delays;
  std::vector<Instant> sends;
  void sent(const Event& event) override {
    delays.push_back(event.waited);
    sends.push_back(event.now.steady);
  }
};

}  // namespace forebay::sim
