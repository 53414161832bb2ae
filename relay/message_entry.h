// What the scheduler keeps in memory of one waiting message: 26 bytes, whatever the body.
// Times are relay milliseconds (relay/relay_time.h), 48 bits of them.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace forebay {

enum class MessageState : uint8_t { ready, delayed, retrying, in_flight, dead, held };
// The lines in which ready messages stand (relay/class_lane.h).
enum class Line : uint8_t { front, fresh, returned, replayed };

// A flow's number within its queue (relay/flow_table.h): 24 bits.
using FlowId = uint32_t;
constexpr FlowId no_flow = 0;                // the message has no key
constexpr FlowId overflow_flow = 0xFF'FFFF;  // it has one, and there were max_flows already: it shares a place in the
                                             // rounds with those that have none, and its key is kept elsewhere

class MessageEntry {
 public:
  QueueId queue = 0;
  uint8_t attempts = 0;      // ended ones that count
  uint8_t max_attempts = 0;  // 0: the queue's
  uint8_t klass = 0;         // number of a class of the queue
  MessageState state : 3 = MessageState::ready;
  Line line : 2 = Line::fresh;   // of a ready one
  bool due_by_wall : 1 = false;  // delayed by not_before: due when the wall clock says so
  bool dear : 1 = false;         // costs more than 1: the core knows how much

  uint32_t bytes() const { return join(bytes_[1], bytes_[0]); }  // body and meta, for the bounds
  void set_bytes(uint32_t bytes) {
    bytes_[0] = static_cast<uint16_t>(bytes);
    bytes_[1] = static_cast<uint16_t>(bytes >> 16);
  }
  FlowId flow() const { return static_cast<FlowId>(flow_high_) << 16 | flow_low_; }
  void set_flow(FlowId flow) {
    flow_low_ = static_cast<uint16_t>(flow);
    flow_high_ = static_cast<uint8_t>(flow >> 16);
  }
  // ready: since when. delayed, retrying, held: until when. dead: when it died.
  int64_t since_ms() const { return join(since_); }
  void set_since_ms(int64_t ms) { split(ms, since_); }
  // 0: never.
  int64_t expires_ms() const { return join(expires_); }
  void set_expires_ms(int64_t ms) { split(ms, expires_); }

 private:
  static uint32_t join(uint16_t high, uint16_t low) { return static_cast<uint32_t>(high) << 16 | low; }
  static int64_t join(const uint16_t (&parts)[3]) {
    return static_cast<int64_t>(parts[2]) << 32 | join(parts[1], parts[0]);
  }
  static void split(int64_t ms, uint16_t (&parts)[3]) {
    for (int i = 0; i < 3; ++i) parts[i] = static_cast<uint16_t>(ms >> 16 * i);
  }

  uint8_t flow_high_ = 0;
  uint8_t spare_ = 0;
  uint16_t flow_low_ = 0;
  uint16_t bytes_[2] = {0, 0};
  uint16_t since_[3] = {0, 0, 0};
  uint16_t expires_[3] = {0, 0, 0};
};
static_assert(sizeof(MessageEntry) == 26);

}  // namespace forebay
