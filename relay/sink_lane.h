// SinkLane: what the core knows of one sink: its limits, the queues that drain into it, what is under way, and
// whether it is open. The state machine of being closed lives here and nowhere else.
//
//   open       sends go out as the limits allow
//   throttled  the downstream said "too many": closed until a time, then open; no attempt was spent
//   breaker    the sink itself does not work: closed until a time, then one probe at a time (breaker.h)
//              After a breaker, and after 2 s or more of a throttle, its rate comes back in steps (slow_start.h).
//   paused     by an operator, by `pause_on`, or by a full dead-letter store: until resumed
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "config/config.h"
#include "limiter/hours.h"
#include "limiter/key_limits.h"
#include "limiter/limit_set.h"
#include "limiter/retry_budget.h"
#include "relay/breaker.h"
#include "relay/rounds.h"
#include "sinks/sink.h"

namespace forebay {

enum class LaneState : uint8_t { open, paused, throttled, breaker };

class SinkLane {
 public:
  SinkLane(SinkId id, const SinkConfig& config, Now now);

  SinkId id() const { return id_; }
  const SinkConfig& config() const { return config_; }
  LimitSet& limits() { return *limits_; }
  const LimitSet& limits() const { return *limits_; }
  // What share of its sends may be retries.
  RetryBudget& retry_budget() { return retry_budget_; }
  // The sink's config changed, its name did not. Permits that are out, what was learnt, a throttle, a pause and the
  // breaker's state stay.
  void reconfigure(const SinkConfig& config, Now now);

  // -- being closed --
  LaneState state(Now now) const;
  // Why it is in that state; empty: it is open.
  const std::string& reason(Now now) const;
  // When the lane would let a send through if the limits did: now or before, a later time, or never() (paused,
  // or a probe is out).
  Instant opens(Now now) const;
  void pause(std::string why);
  void resume();
  bool paused() const { return paused_ || !dead_full_.empty(); }
  bool paused_until_resumed() const { return paused_; }
  // The state to tell people of, if it is another than last time. A throttle is told as over when a message got through
  // again, so that a sink that lives at its limit is one line.
  std::optional<LaneState> state_to_report(Now now);
  // That queue's dead-letter store has no room: held like a pause until there is some again in it.
  void hold_for_dead_letters(QueueId queue, const std::string& name);
  void dead_letters_have_room(QueueId queue);
  const std::map<QueueId, std::string>& full_dead_letter_stores() const { return dead_full_; }  // and why
  void throttle(Now now, Duration how_long, const std::string& why);
  // Until when the journal knows the lane to be throttled, in relay milliseconds.
  int64_t noted_throttle_ms = 0;

  // A pulled queue's: it sends what consumers wait for, and no more.
  bool pulled() const { return config_.type == "pull"; }
  uint64_t wanted = 0;  // by consumers, and not yet on its way to them

  // -- sends --
  // True: this send is the probe of an open breaker.
  bool sent() {
    ++in_flight_;
    return breaker_.sent();
  }
  // Digests the outcome for the lane's state. The limits are settled by the caller. `began`: when it was sent; never():
  // not known, so taken for news.
  void ended(const Outcome& outcome, bool was_probe, bool died, Now now, Instant began = Instant::never());
  // That send did not come about: its message could not be read, which says nothing of the sink.
  void withdrawn(bool was_probe);
  uint64_t in_flight() const { return in_flight_; }
  // Whoever answered a send, before its limits are settled: round trips to another address say nothing of this one's.
  void answered_by(const std::string& peer, Now now);

  // -- time lost to limits while messages were ready --
  // From now until the next call the lane is blocked by that limit; empty: it is not.
  void blocked_by(const std::string& limit, Now now);
  double blocked_seconds(const std::string& limit, Now now) const;
  const std::string& blocking_limit() const { return blocking_; }  // empty: none does

  // -- the queues that drain into it, and of those with something in their lines whose turn it is --
  std::vector<QueueId> queues;
  bool gone = false;  // not in the config any more; empty, and kept for its number
  Rounds rounds;      // by place in Core::queues()

  Hours hours;
  std::unique_ptr<KeyLimits> key_limits;  // over all its queues; none: there are none
  absl::flat_hash_map<KeyHash, Instant> throttled_keys;
  // May a message that was tried before be sent now, while others wait that were not (`fresh_waits`)?
  // What waits and cannot go (behind a strict head, its key blocked, its class paused) must not hold retries back: once
  // nothing could be sent, retries are free until a first attempt goes again.
  bool allows_retry(bool fresh_waits) const { return fresh_held_back_ || retry_budget_.allows(fresh_waits); }
  void retry_sent(bool retry) {
    retry_budget_.sent(retry);
    if (!retry) fresh_held_back_ = false;
  }
  void nothing_could_be_sent() { fresh_held_back_ = true; }

  // When the core should look at this lane again; kept here so that a stale wake-up can be told.
  Instant wake = Instant::never();
  Instant asked_for = Instant::never();  // the last wake-up that was asked for and is still to come
  // What the limits promised a message that waits for them and nothing else; never(): none does.
  Instant due = Instant::never();
  // When something that is held back by hours, a queue's limits or a reserve may go: of the serve under way.
  Instant gate = Instant::never();
  // Of the serve under way: of the limits that held something back while others might go, the one that opens first.
  struct Held {
    std::string limit;  // its label (limit_label.h); empty: none did
    Instant until = Instant::never();
  } held;
  void hold(Instant until, const std::string& limit);
  bool dirty = false;

 private:
  SinkId id_;
  SinkConfig config_;
  std::unique_ptr<LimitSet> limits_;
  Breaker breaker_;
  RetryBudget retry_budget_;
  bool fresh_held_back_ = false;
  uint64_t in_flight_ = 0;
  bool paused_ = false;
  bool got_through_ = true;  // a message, since the last throttle
  LaneState reported_ = LaneState::open;
  Instant closed_until_{std::numeric_limits<int64_t>::min()};
  std::string pause_reason_, throttle_reason_;
  std::string peer_;  // that answered last
  std::map<std::string, Duration> blocked_;
  std::string blocking_;
  Instant blocking_since_;
  std::map<QueueId, std::string> dead_full_;
};

}  // namespace forebay
