// Queue: one backlog's waiting lines, counts and bounds. It holds sequences only; the entries are in the core's
// table, and a sequence in a line whose entry has moved on is skipped when it comes to the front.
//
// Order of service: `front` (handed back without an attempt spent: they were first already), then whichever of
// `fresh` (in order of acceptance) and `returned` (delays and retries that fell due, in order of that) has waited
// longer, then `replayed` dead letters, which never compete with live messages.
#pragma once

#include <deque>
#include <string>

#include "backlog/backlog.h"
#include "base/ids.h"
#include "config/config.h"
#include "relay/burial_order.h"
#include "relay/message_entry.h"
#include "relay/run_queue.h"

namespace forebay {

// Only ever rises; the metrics are made of them.
struct QueueCounters {
  uint64_t accepted = 0, delivered = 0, expired = 0, cancelled = 0, purged = 0, retries = 0;
  uint64_t dead_attempts = 0, dead_refused = 0, dead_too_old = 0, dead_damaged = 0, dead_crashed = 0;
  uint64_t dead_dropped = 0, dead_expired = 0;  // left the dead-letter store by themselves
  uint64_t refused_full = 0, refused_late = 0, refused_stopping = 0;
  uint64_t refused_disk_full = 0, refused_disk_error = 0;
};

// A message given up on while the dead-letter store was full, and under what it counts once it is a letter.
struct Unburied {
  DeadLetter letter;
  uint64_t QueueCounters::*counter;
};

struct Queue {
  QueueId id = 0;
  QueueConfig config;
  SinkId sink = 0;
  bool configured = true;  // false: found in the store, not in the config; kept, not drained
  bool paused = false;

  RunQueue front, fresh, returned, replayed;
  BurialOrder dead_letters;
  bool dead_ttl_watched = false;
  // Given up on, in that order, and not yet letters: the store has no room, and holds the sink until it has. They are
  // `retrying` and have no attempts left; those cancelled or purged meanwhile are skipped.
  std::deque<Unburied> unburied;

  // Messages by state. `reserved` ones are on their way to the disk and count for the bounds.
  uint64_t reserved = 0, ready = 0, delayed = 0, retrying = 0, in_flight = 0, dead = 0;
  uint64_t ready_replayed = 0;  // of the ready ones, those in `replayed`
  uint64_t bytes = 0;           // of all that wait or are in flight, reserved ones too
  uint64_t dead_bytes = 0;
  QueueCounters counters;

  uint64_t waiting() const { return ready + delayed + retrying + in_flight; }
  bool has_room(uint64_t messages, uint64_t message_bytes) const {
    return waiting() + reserved + messages <= config.max_messages && bytes + message_bytes <= config.max_bytes;
  }
  bool dead_has_room(uint64_t message_bytes) const {
    // One letter that is larger than the whole store is taken by an empty one: held back, it would close the sink for
    // good, and nobody could purge anything to open it.
    return dead + 1 <= config.dead.max_messages && (dead == 0 || dead_bytes + message_bytes <= config.dead.max_bytes);
  }

  RunQueue& line(Line which) {
    switch (which) {
      case Line::front:
        return front;
      case Line::fresh:
        return fresh;
      case Line::returned:
        return returned;
      case Line::replayed:
        break;
    }
    return replayed;
  }

  // The counter of that state.
  uint64_t& count(MessageState state) {
    switch (state) {
      case MessageState::ready:
        return ready;
      case MessageState::delayed:
        return delayed;
      case MessageState::retrying:
        return retrying;
      case MessageState::in_flight:
        return in_flight;
      case MessageState::dead:
        break;
    }
    return dead;
  }
};

}  // namespace forebay
