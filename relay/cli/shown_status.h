// ShownStatus: what GET /v1/status says, as far as `forebay status` and `forebay top` show it. Fields that an older or
// newer relay lacks keep their defaults; texts are fit for a terminal (plain_text.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace forebay {

struct ShownLimit {
  std::string name;
  double utilization = 0;  // 1: all of it is in use
  uint64_t remaining = 0;
  bool enforced = true;
};

struct ShownSink {
  std::string name, state, reason;
  std::optional<WallTime> until;
  uint64_t in_flight = 0;
  std::vector<ShownLimit> limits;
  bool pinned = false;
};

struct ShownQueue {
  std::string name, sink;
  bool paused = false;
  uint64_t ready = 0, delayed = 0, retrying = 0, in_flight = 0, leased = 0, held = 0, dead = 0;
  uint64_t max_messages = 0;
  uint64_t accepted = 0, delivered = 0;
  double oldest_seconds = 0;
  std::optional<double> drain_seconds;  // nullopt: never
  std::vector<std::string> paused_classes;
  uint64_t paused_keys = 0;
  // All that is not finished; dead letters are.
  uint64_t waiting() const { return ready + delayed + retrying + in_flight + leased + held; }
};

struct ShownStatus {
  std::string version;
  std::optional<WallTime> started;
  bool ready = false;
  std::vector<std::string> not_ready_because;
  std::vector<ShownQueue> queues;
  std::vector<ShownSink> sinks;
};

// What is pulled has a sink of Forebay's own, that nobody named.
bool is_pulled(const ShownQueue& queue);
bool is_of_pulled_queue(const ShownSink& sink);

// nullopt: it is no status.
std::optional<ShownStatus> read_status(const std::string& json);

}  // namespace forebay
