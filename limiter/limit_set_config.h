// LimitSetConfig: what a set of limits is made of, wherever it is written: on a sink, or on a queue beside its sink's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/config.h"

namespace forebay {

struct LimitSetConfig {
  std::vector<LimitConfig> limits;
  std::optional<uint32_t> concurrency;         // none: not bounded by this set
  Duration timeout;                            // the grace of limits without one of their own
  Duration pace = Duration::milliseconds(50);  // tolerance of the spacing
  bool pace_off = false;
  AdaptiveConfig adaptive{false, 0.1};  // of the shortest window
};

// What waits for a batch to fill has a round trip that says nothing about the way: the next batch, full at once, would
// be far faster, and a margin learnt from the first would let too many arrive. So no margin is used there.
inline std::vector<LimitConfig> as_sent(std::vector<LimitConfig> limits, const SinkConfig& sink) {
  for (LimitConfig& limit : limits) limit.strict = limit.strict || sink.batch.max > 1;
  return limits;
}

inline LimitSetConfig limit_set_config(const SinkConfig& sink) {
  return {as_sent(sink.limits, sink), sink.concurrency, sink.timeout, sink.pace, sink.pace_off, sink.adaptive};
}
// Of a queue's own limits, which no reply says anything about; how long a send may take, and how sends are spread, is
// its sink's to say.
inline LimitSetConfig limit_set_config(const QueueConfig& queue, const SinkConfig& sink) {
  return {as_sent(queue.limits, sink), std::nullopt, sink.timeout, sink.pace, sink.pace_off, {false, 0.1}};
}

}  // namespace forebay
