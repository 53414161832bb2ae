// Worlds of keyed messages, for the tests of flows.
#pragma once

#include "tests/relay/core_world.h"

namespace forebay {

inline LimitConfig window(uint64_t count, Duration per, const char* name = "") {
  LimitConfig limit;
  limit.count = count;
  limit.per = per;
  limit.name = name;
  return limit;
}

inline Config keyed() {
  Config config = CoreWorld::simple();
  config.sinks["s"].limits = {window(100, Duration::seconds(1))};
  config.sinks["s"].concurrency = 1000;
  config.queues["q"].key = {ValueSource::From::header, "X-Key"};
  return config;
}

inline Sequence accept(CoreWorld& world, KeyHash key, uint32_t cost = 1) {
  AdmitRequest request;
  request.key = key;
  request.cost = cost;
  return world.accept(request);
}

inline void run(CoreWorld& world, Duration how_long, Duration latency = {}) {
  world.run(world.now.steady + how_long, latency, [](const Send&) { return CoreWorld::delivered(); });
}

inline Config strict() {
  Config config = keyed();
  config.queues["q"].strict_order = true;
  return config;
}

}  // namespace forebay
