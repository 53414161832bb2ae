// plan(): what a config makes of some traffic, by the very core that would run it (sim/world.h). A pure function: the
// same config and input give the same result, to the nanosecond.
//
// The downstream is ideal: it takes everything and answers after the input's round trip, half of it each way. The disk
// takes no time. A message that is refused at the door (a full queue, on_late: refuse) does not come again.
// Delays are from acceptance (or the end of a delay) to the reply that says "delivered".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "sim/plan/binding.h"
#include "sim/plan/plan_input.h"
#include "sim/plan/timeline.h"

namespace forebay::sim {

struct DelayFigures {
  Duration p50, p99, longest;  // by the nearest rank; 0 where nothing was delivered
};

struct PlanCounts {
  uint64_t came = 0, refused = 0, delivered = 0, expired = 0, dead = 0;
  uint64_t gone = 0;     // superseded
  uint64_t waiting = 0;  // still, when the plan ended
};

struct ClassPlan : PlanCounts {
  DelayFigures delay;
  std::optional<Duration> drains;  // when the last of it was through, since the start; none: something still waits
};

struct QueuePlan : ClassPlan {
  std::string sink;
  std::map<std::string, ClassPlan> classes;  // of those that came
  uint64_t peak_messages = 0, peak_bytes = 0;
  std::vector<Binding> bindings;  // longest first
  Timeline backlog;               // messages
};

struct PlanResult {
  std::string error;  // not empty: the rest is nothing
  std::map<std::string, QueuePlan> queues;
  std::vector<Quota> quotas;  // each once
  Duration lasted;            // until the last message was through, or PlanInput::most
  uint64_t events = 0;        // of the core
};

// `progress` is told now and then how many messages are through; may be empty.
using PlanProgress = std::function<void(uint64_t through)>;
PlanResult plan(const Config& config, const PlanInput& input, const PlanProgress& progress = {});

}  // namespace forebay::sim
