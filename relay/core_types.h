// What goes in and out of the core (relay/core.h).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/ids.h"
#include "base/time.h"
#include "relay/message_entry.h"
#include "relay/sink_lane.h"
#include "sinks/sink.h"

namespace forebay {

struct AdmitRequest {
  QueueId queue = 0;
  uint32_t bytes = 0;  // of body and meta
  std::optional<Duration> delay;
  std::optional<WallTime> not_before;  // wins over delay
  std::optional<Duration> hold;        // not to be sent before release(); undecided after this
  std::optional<Duration> ttl;         // none: the queue's
  uint8_t max_attempts = 0;            // 0: the queue's
  uint8_t klass = 0;                   // number of a class of the queue; 0: default
  uint32_t cost = 1;
  KeyHash key = 0;  // 0: it has none
};

// A promise of room, until durable() or failed().
struct Reservation {
  MessageFacts facts;
  uint64_t position = 0;  // messages of the queue handed out before it, an upper estimate
  WallTime estimated;     // never(): a pause or a closed sink has no known end
  static constexpr WallTime never() { return {std::numeric_limits<int64_t>::max()}; }
};

struct Refusal {
  enum class Why { full_messages, full_bytes, late, unknown_queue, keys_full } why = Why::full_messages;
  Duration retry_after = Duration::seconds(1);  // until the drain has made room, at the limits in force
};

// One message to hand to its sink now. The permit is taken.
struct Send {
  Ticket ticket = 0;
  Sequence sequence = 0;
  QueueId queue = 0;
  SinkId sink = 0;
  uint8_t attempt = 1;  // 1 for the first
};

// A sink that closed or opened.
struct LaneChange {
  std::string sink;
  LaneState state;
  std::string reason;
};

// One class of a queue, for those who show it.
struct ClassCounts {
  std::string name;
  uint32_t priority = 1;
  uint64_t ready = 0, delayed = 0, retrying = 0, in_flight = 0, held = 0, dead = 0;
  uint64_t accepted = 0, delivered = 0;
  bool paused = false;
};

// How far a purge has come: every message below `at` was looked at, those from `end` on are none of its business.
struct Sweep {
  Sequence at = 1;
  Sequence end = 0;
  uint64_t looked_at = 0;
  bool over() const { return at >= end; }
};

// A message that ended, of a queue that reports its outcomes.
struct EndReport {
  enum class How : uint8_t { delivered, expired, dead, cancelled, superseded, dropped } how = How::delivered;
  Sequence sequence = 0;
  QueueId queue = 0;
  uint8_t klass = 0;
  uint8_t attempts = 0;
  uint16_t status = 0;  // of the last reply; 0: none
  std::string reason;   // of one that is dead
};

// Why a message waits, exactly one reason.
struct Explanation {
  MessageState state = MessageState::ready;
  QueueId queue = 0;
  uint8_t attempts = 0;
  uint64_t position = 0;
  std::optional<WallTime> estimated;
  const char* kind = nullptr;  // of MessageStatus::waiting_on; nullptr: it does not wait (in flight, dead)
  std::string name;
  std::optional<WallTime> until;
};

}  // namespace forebay
