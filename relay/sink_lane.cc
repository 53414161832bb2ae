#include "relay/sink_lane.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace forebay {

SinkLane::SinkLane(SinkId id, const SinkConfig& config, Now now)
    : hours(config.hours),
      id_(id),
      config_(config),
      limits_(std::make_unique<LimitSet>(config, now)),
      breaker_(config.breaker, config.dead_storm),
      retry_budget_(config.retry_budget) {}

void SinkLane::reconfigure(const SinkConfig& config, Now now) {
  assert(config.name == config_.name);
  config_ = config;
  hours = Hours(config.hours);
  limits_->reconfigure(config, now);
  breaker_.reconfigure(config.breaker, config.dead_storm);
  retry_budget_.reconfigure(config.retry_budget);
}

LaneState SinkLane::state(Now now) const {
  if (paused()) return LaneState::paused;
  if (breaker_.open()) return LaneState::breaker;
  return now.steady < closed_until_ ? LaneState::throttled : LaneState::open;
}

const std::string& SinkLane::reason(Now now) const {
  static const std::string none;
  switch (state(now)) {
    case LaneState::paused:
      return dead_full_.empty() ? pause_reason_ : dead_full_.begin()->second;
    case LaneState::breaker:
      return breaker_.reason();
    case LaneState::throttled:
      return throttle_reason_;
    case LaneState::open:
      break;
  }
  return none;
}

Instant SinkLane::opens(Now now) const {
  if (paused()) return Instant::never();
  return std::max({breaker_.opens(), closed_until_, now.steady});
}

void SinkLane::pause(std::string why) {
  paused_ = true;
  pause_reason_ = std::move(why);
}

void SinkLane::resume() {
  paused_ = false;
}

void SinkLane::hold_for_dead_letters(QueueId queue, const std::string& name) {
  dead_full_.emplace(queue, "the dead-letter store of queue " + name + " is full: replay or purge it");
}

void SinkLane::dead_letters_have_room(QueueId queue) {
  dead_full_.erase(queue);
}

void SinkLane::hold(Instant until, const std::string& limit) {
  gate = std::min(gate, until);
  if (held.limit.empty() || until < held.until) held = {limit, until};
}

void SinkLane::blocked_by(const std::string& limit, Now now) {
  if (limit == blocking_) return;
  if (!blocking_.empty()) blocked_[blocking_] = blocked_[blocking_] + (now.steady - blocking_since_);
  blocking_ = limit;
  blocking_since_ = now.steady;
}

double SinkLane::blocked_seconds(const std::string& limit, Now now) const {
  const auto found = blocked_.find(limit);
  Duration total = found == blocked_.end() ? Duration{} : found->second;
  if (limit == blocking_) total = total + (now.steady - blocking_since_);
  return total.as_seconds();
}

// A sink that lives at its limit is closed for a second or so now and then; it does not come back from anywhere.
void SinkLane::throttle(Now now, Duration how_long, const std::string& why) {
  closed_until_ = std::max(closed_until_, now.steady + how_long);
  if (how_long >= CountInForce::outage_min) limits_->slow_start(closed_until_, now);
  got_through_ = false;
  throttle_reason_ = why;
}

std::optional<LaneState> SinkLane::state_to_report(Now now) {
  const LaneState is = state(now);
  if (is == reported_ || (is == LaneState::open && reported_ == LaneState::throttled && !got_through_)) return {};
  return reported_ = is;
}

void SinkLane::answered_by(const std::string& peer, Now now) {
  if (peer.empty() || peer == peer_) return;
  if (!peer_.empty()) limits_->new_address(now);
  peer_ = peer;
}

void SinkLane::ended(const Outcome& outcome, bool was_probe, bool died, Now now, Instant began) {
  assert(in_flight_ > 0);
  --in_flight_;
  if (outcome.kind == Outcome::Kind::delivered) got_through_ = true;
  if (breaker_.ended(outcome, was_probe, died, began, now)) limits_->slow_start(now.steady, now);
}

void SinkLane::withdrawn(bool was_probe) {
  assert(in_flight_ > 0);
  --in_flight_;
  breaker_.withdrawn(was_probe);
}

}  // namespace forebay
