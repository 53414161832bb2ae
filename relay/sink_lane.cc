#include "relay/sink_lane.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace forebay {
namespace {
constexpr Duration breaker_wait_min = Duration::seconds(1);
constexpr Duration breaker_wait_max = Duration::seconds(60);
}  // namespace

SinkLane::SinkLane(SinkId id, const SinkConfig& config, Now now)
    : hours(config.hours), id_(id), config_(config), limits_(std::make_unique<LimitSet>(config, now)) {}

LaneState SinkLane::state(Now now) const {
  if (paused()) return LaneState::paused;
  if (breaker_open_) return LaneState::breaker;
  return now.steady < closed_until_ ? LaneState::throttled : LaneState::open;
}

const std::string& SinkLane::reason(Now now) const {
  static const std::string none;
  switch (state(now)) {
    case LaneState::paused:
      return dead_full_.empty() ? pause_reason_ : dead_full_.begin()->second;
    case LaneState::breaker:
      return breaker_reason_;
    case LaneState::throttled:
      return throttle_reason_;
    case LaneState::open:
      break;
  }
  return none;
}

Instant SinkLane::opens(Now now) const {
  if (paused() || probe_out_) return Instant::never();
  return std::max(closed_until_, now.steady);
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

void SinkLane::throttle(Now now, Duration how_long, const std::string& why) {
  closed_until_ = std::max(closed_until_, now.steady + how_long);
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

void SinkLane::open_breaker(Now now, std::string why) {
  breaker_wait_ = breaker_open_ ? std::min(breaker_wait_ * 2, breaker_wait_max) : breaker_wait_min;
  breaker_open_ = true;
  closed_until_ = std::max(closed_until_, now.steady + breaker_wait_);
  breaker_reason_ = std::move(why);
}

void SinkLane::ended(const Outcome& outcome, bool was_probe, bool died, Now now) {
  assert(in_flight_ > 0);
  --in_flight_;
  if (was_probe) probe_out_ = false;
  dead_in_a_row_ = died ? dead_in_a_row_ + 1 : outcome.kind == Outcome::Kind::delivered ? 0 : dead_in_a_row_;
  if (outcome.kind == Outcome::Kind::delivered) got_through_ = true;
  if (outcome.kind == Outcome::Kind::sink_fault) {
    // Attempts that were under way when it opened say nothing new.
    if (!breaker_open_ || was_probe) open_breaker(now, "sink_fault: " + outcome.reason);
  } else if (died && config_.dead_storm > 0 && dead_in_a_row_ >= config_.dead_storm) {
    if (!breaker_open_ || was_probe) open_breaker(now, "dead_storm: " + outcome.reason);
  } else if (was_probe) {
    if (outcome.kind == Outcome::Kind::delivered) {
      breaker_open_ = false;
      dead_in_a_row_ = 0;
    } else if (outcome.kind != Outcome::Kind::throttled) {
      open_breaker(now, breaker_reason_);
    }
  }
}

}  // namespace forebay
namespace forebay {
void SinkLane::reconfigure(const SinkConfig& config, Now now) { config_ = config; hours = Hours(config.hours); limits_->reconfigure(config, now); }
}
