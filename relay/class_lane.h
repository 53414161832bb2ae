// ClassLane: one class of a queue: what of it is ready, in which order, and what it counts.
//
// Its members take turns in rounds: each flow (a key's line, flow_table.h), and the plain lines, which hold what has no
// key. Order of the plain lines: `front` (handed back without an attempt spent: they were first already), then
// whichever of `fresh` (in order of acceptance) and `returned` (delays and retries that fell due, in order of that) has
// waited longer. `replayed` dead letters stand apart, with and without key: they go out when no class has anything live
// to send.
#pragma once

#include <cstdint>

#include "config/config.h"
#include "limiter/hours.h"
#include "relay/length_counts.h"
#include "relay/message_entry.h"
#include "relay/rounds.h"
#include "relay/run_queue.h"

namespace forebay {

// Messages by state.
struct StateCounts {
  uint64_t ready = 0, delayed = 0, retrying = 0, in_flight = 0, held = 0, dead = 0;

  uint64_t waiting() const { return ready + delayed + retrying + in_flight + held; }
  StateCounts& operator+=(const StateCounts& more) {
    ready += more.ready, delayed += more.delayed, retrying += more.retrying;
    in_flight += more.in_flight, held += more.held, dead += more.dead;
    return *this;
  }
  uint64_t& operator[](MessageState state) {
    switch (state) {
      case MessageState::ready:
        return ready;
      case MessageState::delayed:
        return delayed;
      case MessageState::retrying:
        return retrying;
      case MessageState::in_flight:
        return in_flight;
      case MessageState::held:
        return held;
      case MessageState::dead:
        break;
    }
    return dead;
  }
};

// Only ever rises; the metrics are made of them.
struct ClassCounters {
  uint64_t accepted = 0, delivered = 0, expired = 0, superseded = 0;
};

struct ClassLane {
  static constexpr uint32_t plain_member = 0;  // in the rounds: the plain lines; else a FlowId

  explicit ClassLane(ClassConfig settings) : config(std::move(settings)), hours(config.hours) {}

  ClassConfig config;
  Hours hours;
  bool paused = false;

  RunQueue front, fresh, returned, replayed;
  Rounds rounds;
  uint64_t plain_turn = 0;
  bool plain_queued = false;
  LengthCounts lengths;      // of the flows' lines
  uint64_t plain_ready = 0;  // in front, fresh and returned

  StateCounts counts;
  uint64_t ready_replayed = 0;  // of the ready ones
  ClassCounters counters;
  uint8_t reserve_tag = 0;       // of its sink's calendars: LimitSet::lane(its name)
  uint8_t queue_tag = 0;         // of its queue's
  uint64_t reserve_blocked = 0;  // the serve in which only other classes' reserves were left of a calendar
  // Its floor: at most `gap` sends of the queue between two of its own; 0: it has none (class_order.h).
  uint64_t floor_gap = 0, floor_period = 0, floor_slot = 0;
  uint64_t last_served = 0;  // the queue's count of sends when this class had one; for its floor

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
};

}  // namespace forebay
