// Downstream: what stands behind a sink in the simulated world. The world asks it twice for each request: when it
// leaves the relay, and when it arrives; in between others may arrive. Times are the world's; nothing here reads a
// clock.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/time.h"
#include "sim/observer.h"
#include "sinks/sink.h"

namespace forebay::sim {

// How a request gets to the downstream.
struct Passage {
  bool connected = true;
  Duration takes;  // until it arrives; or, not connected, until the relay knows
};

// What becomes of a request that arrived.
struct Answer {
  bool replies = true;  // false: never; the sink's timeout ends the attempt
  Duration takes;       // until the relay has read the reply
  bool taken = true;    // it counts as a message that got through to the downstream
  bool reset = false;   // the connection dies instead of a reply
  Outcome::Kind kind = Outcome::Kind::delivered;
  int16_t status = 200;
  bool throttle_key = false;
  std::optional<Duration> retry_after;
};

class Downstream {
 public:
  virtual ~Downstream() = default;
  virtual Passage leaves(const Event& request) = 0;
  virtual Answer arrives(const Event& request) = 0;
};

// Takes everything and answers after `round_trip`, half of it each way.
class IdealDownstream : public Downstream {
 public:
  explicit IdealDownstream(Duration round_trip) : there_(round_trip / 2), back_(round_trip - there_) {}
  Passage leaves(const Event&) override { return {true, there_}; }
  Answer arrives(const Event&) override {
    Answer answer;
    answer.takes = back_;
    return answer;
  }

 private:
  Duration there_, back_;
};

}  // namespace forebay::sim
