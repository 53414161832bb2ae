// What the scheduler keeps in memory of one waiting message: 24 bytes, whatever the body.
// Times are relay milliseconds (relay/relay_time.h), 48 bits of them.
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace forebay {

enum class MessageState : uint8_t { ready, delayed, retrying, in_flight, dead };
// The lines in which ready messages stand (relay/queue.h).
enum class Line : uint8_t { front, fresh, returned, replayed };

class MessageEntry {
 public:
  uint32_t bytes = 0;  // body and meta, for the bounds
  QueueId queue = 0;
  uint8_t attempts = 0;      // ended ones that count
  uint8_t max_attempts = 0;  // 0: the queue's
  uint8_t klass = 0;
  MessageState state = MessageState::ready;
  bool due_by_wall = false;  // delayed by not_before: due when the wall clock says so

  Line line = Line::fresh;  // of a ready one

  // ready: since when. delayed, retrying: until when. dead: when it died.
  int64_t since_ms() const { return join(since_high_, since_low_); }
  void set_since_ms(int64_t ms) { split(ms, &since_high_, &since_low_); }
  // 0: never.
  int64_t expires_ms() const { return join(expires_high_, expires_low_); }
  void set_expires_ms(int64_t ms) { split(ms, &expires_high_, &expires_low_); }

 private:
  static int64_t join(uint16_t high, uint32_t low) { return static_cast<int64_t>(high) << 32 | low; }
  static void split(int64_t ms, uint16_t* high, uint32_t* low) {
    *high = static_cast<uint16_t>(ms >> 32);
    *low = static_cast<uint32_t>(ms);
  }

  uint32_t since_low_ = 0;
  uint32_t expires_low_ = 0;
  uint16_t since_high_ = 0;
  uint16_t expires_high_ = 0;
};
static_assert(sizeof(MessageEntry) == 24);

}  // namespace forebay
