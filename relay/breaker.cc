#include "relay/breaker.h"

#include <algorithm>
#include <utility>

namespace forebay {
namespace {

using Kind = Outcome::Kind;

bool failed(const Outcome& outcome) {
  return outcome.kind == Kind::retry || outcome.kind == Kind::unanswered || outcome.kind == Kind::sink_fault;
}

}  // namespace

Instant Breaker::opens() const {
  if (!open_) return Instant{INT64_MIN};
  return probe_out_ ? Instant::never() : until_;
}

void Breaker::count(const Outcome& outcome, bool died) {
  const uint32_t requests = outcome.of_same_request ? 0 : 1;  // a batch fails once, whatever it held
  failures_ = failed(outcome) ? failures_ + requests : 0;
  if (died) ++deaths_;
  if (outcome.kind == Kind::delivered) deaths_ = 0;
}

bool Breaker::ended(const Outcome& outcome, bool was_probe, bool died, Instant began, Now now) {
  withdrawn(was_probe);
  if (!was_probe && (open_ || began <= opened_at_)) return false;
  count(outcome, died);
  const bool storm = died && dead_storm_ > 0 && deaths_ >= dead_storm_;
  if (outcome.kind == Kind::sink_fault) {
    open("sink_fault: " + outcome.reason, false, now);
  } else if (storm) {
    open("dead_storm: " + outcome.reason, false, now);
  } else if (was_probe) {
    const bool good = outcome.kind == Kind::delivered || (outcome.kind == Kind::dead && by_count_);
    if (good) return close_by_probe();
    if (outcome.kind != Kind::throttled) open(std::exchange(reason_, {}), by_count_, now);
  } else if (config_.failures > 0 && failures_ >= config_.failures) {
    open(std::to_string(failures_) + " failures in a row, last: " + outcome.reason, true, now);
  }
  return false;
}

bool Breaker::close_by_probe() {
  if (++good_probes_ < config_.probes) return false;
  open_ = false;
  failures_ = deaths_ = good_probes_ = 0;
  return true;
}

void Breaker::open(std::string why, bool by_count, Now now) {
  wait_ = open_ ? std::min(wait_ * 2, config_.max_wait) : config_.min_wait;
  open_ = true;
  by_count_ = by_count;
  good_probes_ = 0;
  opened_at_ = now.steady;
  until_ = now.steady + wait_;
  reason_ = std::move(why);
}

void Breaker::reconfigure(const BreakerConfig& config, uint32_t dead_storm) {
  config_ = config;
  dead_storm_ = dead_storm;
}

}  // namespace forebay
