#include "limiter/permits.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace forebay {
namespace {

constexpr uint64_t exact_up_to = 4096;
constexpr int64_t grains = 4000;  // of a hold: one more entry than that still fits a ring of 4,096

Duration grain_for(uint64_t count, Duration hold) {
  return count <= exact_up_to ? Duration{} : Duration{hold.ns / grains + 1};
}

}  // namespace

Permits::Permits(uint64_t count, Duration hold, const ReturnMargin* margin)
    : count_(count), hold_(hold), margin_(margin), free_(static_cast<int64_t>(count)) {
  assert(count > 0 && count <= 1'000'000'000 && hold >= Duration{});
  answered_.set_grain(grain_for(count, hold));
  unanswered_.set_grain(grain_for(count, hold));
}

Duration Permits::ahead(Instant at) const {
  return margin_ == nullptr ? hold_ : std::max(Duration{}, hold_ - margin_->at(at));
}

// Both queues are in order of coming home, so the need-th is found by merging their heads.
Instant Permits::earliest_home(uint64_t need, Duration ahead) const {
  size_t a = 0, u = 0;
  for (uint64_t seen = 0;;) {
    const bool more_a = a < answered_.entries(), more_u = u < unanswered_.entries();
    if (!more_a && !more_u) return Instant::never();
    SettleTimes::Group answered, unanswered;
    Instant home_a = Instant::never(), home_u = Instant::never();
    if (more_a) answered = answered_.entry(a), home_a = answered.at + ahead;
    if (more_u) unanswered = unanswered_.entry(u), home_u = unanswered.at + hold_;
    const bool take_a = home_a <= home_u;
    seen += take_a ? answered.count : unanswered.count;
    if (seen >= need) return take_a ? home_a : home_u;
    (take_a ? a : u)++;
  }
}

Instant Permits::next(Instant now, uint64_t cost) const {
  assert(cost > 0);
  cost = std::min(cost, count_);
  if (static_cast<int64_t>(cost) <= free_) return now;
  const uint64_t need = static_cast<uint64_t>(static_cast<int64_t>(cost) - free_);
  if (need > answered_.count() + unanswered_.count()) return Instant::never();
  // g is constant between the turns of its periods; there are three at most, the last for ever.
  for (Instant at = now;;) {
    const Instant same_until = margin_ == nullptr ? Instant::never() : margin_->constant_until(at);
    const Instant home = std::max(at, earliest_home(need, ahead(at)));
    if (home < same_until || same_until.is_never()) return home;
    at = same_until;
  }
}

void Permits::bring_home(Instant now) {
  const Instant answered_by = now - ahead(now);
  while (!answered_.empty() && answered_.entry(0).at <= answered_by) {
    free_ += static_cast<int64_t>(answered_.entry(0).count);
    answered_.pop_front();
  }
  const Instant unanswered_by = now - hold_;
  while (!unanswered_.empty() && unanswered_.entry(0).at <= unanswered_by) {
    free_ += static_cast<int64_t>(unanswered_.entry(0).count);
    unanswered_.pop_front();
  }
}

void Permits::take(Instant now, uint64_t cost) {
  bring_home(now);
  assert(free_ >= static_cast<int64_t>(std::min(cost, count_)));
  free_ -= static_cast<int64_t>(cost);
  out_ += cost;
}

void Permits::settle_answered(Instant now, uint64_t cost) {
  assert(out_ >= cost);
  out_ -= cost;
  answered_.push(now, cost);
  bring_home(now);
}

void Permits::settle_unanswered(Instant counted_by, uint64_t cost) {
  assert(out_ >= cost);
  out_ -= cost;
  unanswered_.push(counted_by, cost);
}

void Permits::settle_not_sent(uint64_t cost) {
  assert(out_ >= cost);
  out_ -= cost;
  free_ += static_cast<int64_t>(cost);
}

uint64_t Permits::held(Instant now) const {
  return answered_.count() + unanswered_.count() - answered_.by(now - ahead(now)) - unanswered_.by(now - hold_);
}

Instant Permits::estimate(Instant now, uint64_t k) const {
  assert(k > 0);
  const uint64_t round = (k - 1) / count_, place = (k - 1) % count_ + 1;
  const uint64_t home_a = answered_.by(now - ahead(now)), home_u = unanswered_.by(now - hold_);
  const int64_t free = free_ + static_cast<int64_t>(home_a + home_u);
  Instant at = now;
  if (static_cast<int64_t>(place) > free) {
    const uint64_t more = static_cast<uint64_t>(static_cast<int64_t>(place) - free);
    const uint64_t coming = answered_.count() - home_a;
    if (more <= coming) {
      at = std::max(now, answered_.nth(home_a + more) + ahead(now));
    } else if (more <= coming + out_) {
      at = now + hold_;
    } else {
      at = unanswered_.nth(home_u + more - coming - out_) + hold_;
    }
  }
  return rounds_after(at, round);
}

Instant Permits::rounds_after(Instant at, uint64_t rounds) const {
  const __int128 ns = static_cast<__int128>(at.ns) + static_cast<__int128>(rounds) * hold_.ns;
  return ns >= std::numeric_limits<int64_t>::max() ? Instant::never() : Instant{static_cast<int64_t>(ns)};
}

void Permits::set_count(uint64_t count) {
  assert(count > 0 && count <= 1'000'000'000);
  free_ += static_cast<int64_t>(count) - static_cast<int64_t>(count_);
  count_ = count;
}

void Permits::reconfigure(uint64_t count, Duration hold, const ReturnMargin* margin) {
  set_count(count);
  hold_ = hold;
  margin_ = margin;
  answered_.set_grain(grain_for(count, hold));
  unanswered_.set_grain(grain_for(count, hold));
}

void Permits::spend(std::vector<SettleTimes::Group> groups) {
  std::sort(groups.begin(), groups.end(), [](const auto& x, const auto& y) { return x.at < y.at; });
  uint64_t total = 0;
  for (const SettleTimes::Group& group : groups) total += group.count;
  const uint64_t most = std::min(total, static_cast<uint64_t>(std::max<int64_t>(free_, 0)));
  uint64_t surplus = total - most;
  for (const SettleTimes::Group& group : groups) {
    const uint64_t dropped = std::min(surplus, group.count);
    surplus -= dropped;
    if (group.count > dropped) unanswered_.push(group.at, group.count - dropped);
  }
  free_ -= static_cast<int64_t>(most);
}

void Permits::assume_out(uint64_t cost) {
  free_ -= static_cast<int64_t>(cost);
  out_ += cost;
}

}  // namespace forebay
