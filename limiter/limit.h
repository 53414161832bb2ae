// Limit: a bound on the sends to a downstream, as a pure function of time. No limit reads a clock.
//
// Protocol, in this order, per send:
//   next(now, cost)  the earliest Instant at which take() may be called; now.steady or before = at once;
//                    Instant::never() = only a settle() can free it. Never changes the limit's state
//                    observably: asking is free of consequence.
//   take(now, cost)  one send of that cost begins. Only when next(now, cost) <= now.steady (asserted).
//   settle(taken, now, how)  that send ended; exactly once per take, in any order.
//
// A set of limits (LimitSet) asks all first and takes all together or none: nothing is held while waiting.
// Times: `now.steady` never goes back between calls (asserted); `now.wall` may, and only calendars look at it.
// Cost: 1 or more; a cost above the limit's count can never be taken and is refused at the door.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace forebay {

// How a send ended, as far as a limit cares.
enum class SettledAs : uint8_t {
  ok,          // a complete reply was read
  refused,     // a complete reply was read, and it said "too many"
  unanswered,  // the connection closed, or the time ran out, without a complete reply: it may count later
  not_sent,    // nothing left this process (no connection, no name): the permit comes home at once
};

// What a limit needs to know again when a send settles.
struct Taken {
  Instant at;  // when it was taken: stamped before the write
  uint32_t cost = 1;
  uint8_t lane = 0;  // of a calendar's reserve (LimitSet::lane); 0: none
};

class Limit {
 public:
  virtual ~Limit() = default;
  virtual const std::string& name() const = 0;
  virtual Instant next(Now now, uint32_t cost) const = 0;
  virtual void take(Now now, uint32_t cost) = 0;
  virtual void settle(Taken taken, Now now, SettledAs how) = 0;

  // The bound in force, in sends of cost 1 (below the configured one only while adapted down).
  virtual uint64_t effective() const = 0;
  // Share of the bound in use now, 0 to 1.
  virtual double utilization(Now now) const = 0;
  // The long-run rate this limit allows, in sends of cost 1 per second; +inf where only settles bound it.
  virtual double rate_per_second() const = 0;
};

}  // namespace forebay
