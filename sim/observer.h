// Observer: sees everything that happens in the simulated world, in order of time; events of one moment in the order
// in which they happened. It must not call the world back. Every verb has a default that does nothing.
//
// Of a message: came, then accepted or refused; sent and ended once for each attempt; in between arrived, if the
// request reached the downstream (perhaps after its attempt had ended); at last exactly one of delivered, expired,
// dead, gone. After a crash a message may be sent again although an attempt of it has ended: at least once.
#pragma once

#include <cstdint>

#include "backlog/backlog.h"
#include "base/ids.h"
#include "base/time.h"
#include "relay/core_types.h"

namespace forebay {
class Core;
}

namespace forebay::sim {

// What an event is about. `sequence` is 0 where there is none (refused).
struct Event {
  Now now;
  Sequence sequence = 0;
  QueueId queue = 0;
  SinkId sink = 0;
  uint8_t klass = 0;
  uint8_t attempt = 0;  // of sent, arrived and ended; 1 for the first
  uint32_t cost = 1;
  uint32_t bytes = 0;
  KeyHash key = 0;
  Duration waited;  // since it came in, or since its delay was over if that was later
};

class Observer {
 public:
  virtual ~Observer() = default;
  // It passed the door and goes to the disk; what a crash forgets before `accepted` was never acknowledged.
  virtual void came(const Event&) {}
  virtual void accepted(const Event&) {}  // durable: the producer has its 202
  virtual void refused(const Event&, const Refusal&) {}
  virtual void sent(const Event&) {}
  virtual void arrived(const Event&, bool /*taken*/) {}  // at the downstream; taken: it did not say "too many"
  virtual void ended(const Event&, const Outcome&) {}    // the attempt, as the relay sees it
  virtual void delivered(const Event&) {}
  virtual void expired(const Event&) {}
  virtual void dead(const Event&) {}              // it is a dead letter now
  virtual void gone(const Event&, Settlement) {}  // cancelled, purged, superseded, dropped
  virtual void crashed(Now) {}
  virtual void restarted(Now, uint64_t /*recovered*/) {}
  virtual void turned(Now, Core&) {}  // the core did what was due; to look at only, until the next event
};

}  // namespace forebay::sim
