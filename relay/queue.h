// Queue: one backlog: its classes and flows, counts and bounds. It holds sequences only; the entries are in the core's
// table, and a sequence in a line whose entry has moved on is skipped when it comes to the front.
//
// Order of service: sink -> queue (by share) -> class (floors, then priority) -> flow (rounds) -> its line. Replayed
// dead letters go out when nothing live can, so they never compete with it (class_lane.h).
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/ids.h"
#include "config/config.h"
#include "limiter/hours.h"
#include "limiter/key_limits.h"
#include "limiter/limit_set.h"
#include "relay/burial_order.h"
#include "relay/class_lane.h"
#include "relay/class_order.h"
#include "relay/flow_table.h"
#include "relay/message_entry.h"

namespace forebay {

// Only ever rises; the metrics are made of them.
struct QueueCounters {
  uint64_t accepted = 0, delivered = 0, expired = 0, cancelled = 0, purged = 0, retries = 0, superseded = 0;
  uint64_t dead_attempts = 0, dead_refused = 0, dead_too_old = 0, dead_damaged = 0, dead_crashed = 0;
  uint64_t dead_dropped = 0, dead_expired = 0;  // left the dead-letter store by themselves
  uint64_t dropped = 0;                         // given up while they waited, to make room
  uint64_t outcomes_dropped = 0;                // reports that the outcomes queue did not take
  uint64_t refused_full = 0, refused_late = 0, refused_stopping = 0, refused_keys = 0;
  uint64_t refused_disk_full = 0, refused_disk_error = 0, refused_producer = 0;
};

// A message given up on while the dead-letter store was full, and under what it counts once it is a letter.
struct Unburied {
  DeadLetter letter;
  uint64_t QueueCounters::*counter;
};

struct Queue : StateCounts {
  QueueId id = 0;
  QueueConfig config;
  SinkId sink = 0;
  bool configured = true;  // false: found in the store, not in the config; kept, not drained
  bool paused = false;

  std::vector<ClassLane> classes;  // by number; 0 is `default`
  ClassOrder order;
  std::unique_ptr<FlowTable> flows;  // none until a message has a key
  Hours hours;
  std::unique_ptr<LimitSet> limits;               // none: it has no limits of its own
  Instant due = Instant::never();                 // what these promised it when they last held it back
  std::unique_ptr<KeyLimits> key_limits;          // the same
  absl::flat_hash_map<KeyHash, uint8_t> weights;  // of keys in the rounds; 1 where none is named
  absl::flat_hash_set<KeyHash> paused_keys;
  absl::flat_hash_map<FlowId, Sequence> newest;  // of the flows in which a newer message replaces older ones
  uint64_t parked_flows = 0;
  uint64_t stuck_flows = 0;  // of those, the ones that only a settle of their key or an operator brings back

  uint64_t limited_flows = 0;  // of the parked ones, those that a key limit holds
  std::string parked_by;       // the key limit that parked one last

  uint64_t turn = 0;  // in the rounds of its sink
  bool queued = false;

  BurialOrder dead_letters;
  bool dead_ttl_watched = false;
  // Given up on, in that order, and not yet letters: the store has no room, and holds the sink until it has. They are
  // `retrying` and have no attempts left; those cancelled or purged meanwhile are skipped.
  std::deque<Unburied> unburied;

  Sequence oldest_hint = 0;     // nothing of it that may be dropped has a lower sequence, about (core_room.cc)
  uint64_t reserved = 0;        // messages on their way to the disk; they count for the bounds
  uint64_t ready_replayed = 0;  // of the ready ones, those in `replayed` lines
  uint64_t ready_retries = 0;   // of the ready ones, those that were tried before
  uint64_t extra_cost = 0;      // what those that wait cost beyond 1 each
  uint64_t bytes = 0;           // of all that wait or are in flight, reserved ones too
  uint64_t dead_bytes = 0;
  QueueCounters counters;

  bool has_room(uint64_t messages, uint64_t message_bytes) const {
    return waiting() + reserved + messages <= config.max_messages && bytes + message_bytes <= config.max_bytes;
  }
  bool dead_has_room(uint64_t message_bytes) const {
    // One letter that is larger than the whole store is taken by an empty one: held back, it would close the sink for
    // good, and nobody could purge anything to open it.
    return dead + 1 <= config.dead.max_messages && (dead == 0 || dead_bytes + message_bytes <= config.dead.max_bytes);
  }

  // Does anything stand in a line? It may be gone by now, or not let through.
  bool has_work() const {
    if (ready_replayed > 0) return true;
    for (const ClassLane& klass : classes) {
      if (!klass.rounds.empty()) return true;
    }
    return false;
  }
  bool supersedes(const ClassLane& klass) const { return klass.config.supersede.value_or(config.supersede); }
};

}  // namespace forebay
