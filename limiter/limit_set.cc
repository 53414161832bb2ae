#include "limiter/limit_set.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "limiter/limit_name.h"

namespace forebay {

LimitSet::LimitSet(const LimitSetConfig& config, Now now) : timeout_(config.timeout) {
  if (config.concurrency) concurrency_.emplace(*config.concurrency, config.timeout);
  name_lanes(config.limits);
  for (const LimitConfig& limit : config.limits) members_.push_back(make_member(limit, now));
  set_pace(config, now);
}

LimitSet::Member LimitSet::make_member(const LimitConfig& config, Now now) const {
  Member member;
  member.config = config;
  switch (config.kind) {
    case LimitConfig::Kind::window:
      member.window = std::make_unique<WindowLimit>(config, timeout_, margin_);
      break;
    case LimitConfig::Kind::bucket:
      member.bucket = std::make_unique<BucketLimit>(config);
      break;
    case LimitConfig::Kind::calendar:
      member.calendar = std::make_unique<CalendarLimit>(config, timeout_, lanes_, now);
      break;
  }
  return member;
}

// A class keeps the number it was once given: what is in flight settles by it.
void LimitSet::name_lanes(const std::vector<LimitConfig>& limits) {
  for (const LimitConfig& limit : limits) {
    for (const auto& [class_name, share] : limit.reserve) {
      const bool known = std::find(lanes_.begin(), lanes_.end(), class_name) != lanes_.end();
      if (!known && lanes_.size() < UINT8_MAX) lanes_.push_back(class_name);
    }
  }
  cost_out_by_lane_.resize(lanes_.size() + 1);
}

uint8_t LimitSet::lane(std::string_view class_name) const {
  for (const Member& m : members_) {
    for (const auto& [reserved, share] : m.config.reserve) {
      if (reserved != class_name) continue;
      const auto found = std::find(lanes_.begin(), lanes_.end(), class_name);
      return static_cast<uint8_t>(found == lanes_.end() ? 0 : found - lanes_.begin() + 1);
    }
  }
  return 0;
}

// A bucket spreads by itself, up to the burst its owner asked for; only windows are paced.
void LimitSet::set_pace(const LimitSetConfig& config, Now now) {
  const Member* shortest = nullptr;
  for (const Member& m : members_) {
    if (!m.window || !m.config.enforce) continue;
    const auto order = [](const Member& x) { return std::pair(x.config.per, x.config.count); };
    if (shortest == nullptr || order(m) < order(*shortest)) shortest = &m;
  }
  if (shortest == nullptr) return pace_.reset(), in_force_.reset();
  paced_ = static_cast<size_t>(shortest - members_.data());
  set_count_in_force(config, shortest->config);
  if (config.pace_off) {
    pace_.reset();
  } else if (pace_) {
    pace_->reconfigure(shortest->config.count, shortest->config.per, config.pace, now.steady);
  } else {
    pace_.emplace(shortest->config.count, shortest->config.per, config.pace);
  }
  use_count_in_force(now);
}

// What was learnt holds for a window of that length.
void LimitSet::set_count_in_force(const LimitSetConfig& config, const LimitConfig& shortest) {
  if (in_force_ && in_force_->per() == shortest.per) {
    in_force_->reconfigure(shortest.count, config.adaptive);
  } else {
    in_force_.emplace(shortest.count, shortest.per, config.adaptive);
  }
}

void LimitSet::use_count_in_force(Now now) {
  members_[paced_].window->permits().set_count(in_force_->of_window());
  if (pace_ && pace_->count() != in_force_->of_pace()) {
    pace_->reconfigure(in_force_->of_pace(), pace_->per(), pace_->tolerance(), now.steady);
  }
}

void LimitSet::slow_start(Instant from, Now now) {
  if (!in_force_) return;
  in_force_->slow_start(from);
  use_count_in_force(now);
}

std::optional<Duration> LimitSet::back_off(Now now) const {
  return in_force_ ? in_force_->back_off(now) : std::nullopt;
}

// A window that is free now may not be at the time another asks for (its margin can shrink meanwhile), so ask
// again until a whole round agrees.
Instant LimitSet::next(Now now, uint32_t cost, uint8_t lane) const {
  largest_cost_ = std::max<uint64_t>(largest_cost_, cost);
  if (!is_covered(cost)) return Instant::never();
  for (Now at = now;;) {
    Now all = at;
    const auto agree = [&](Instant time) {
      if (time <= all.steady) return true;
      if (time.is_never()) return false;
      all.wall = all.wall + (time - all.steady);
      all.steady = time;
      return true;
    };
    if (pace_) agree(pace_->next(all.steady));
    for (const Member& m : members_) {
      if (m.config.enforce && !agree(m.next(all, cost, lane))) return Instant::never();
    }
    if (concurrency_ && !agree(concurrency_->next(all, cost))) return Instant::never();
    if (all.steady == at.steady) return all.steady;
    at = all;
  }
}

Instant LimitSet::next_any(Now now) const {
  Instant least = next(now, 1);
  for (size_t lane = 1; lane <= lanes_.size() && least > now.steady; lane++) {
    least = std::min(least, next(now, 1, static_cast<uint8_t>(lane)));
  }
  return least;
}

LimitSet::Blocking LimitSet::blocking(Now now, uint32_t cost, uint8_t lane) const {
  const Instant all = next(now, cost, lane);
  if (all <= now.steady) return {{}, now.steady};
  if (!is_covered(cost)) {
    const auto kept = std::find_if(members_.begin(), members_.end(), [](const Member& m) { return m.is_long(); });
    const WindowLimit* window = longest(members_);
    return {window != nullptr ? window->name() : kept->limit().name(), all};
  }
  const std::string* name = nullptr;
  bool by_reserve = false;
  Instant latest = now.steady;
  const auto look = [&](const std::string& who, Instant at) {
    if (at <= latest) return false;
    latest = at, name = &who;
    return true;
  };
  for (const Member& m : members_) {
    if (!m.config.enforce || !look(m.limit().name(), m.next(now, cost, lane))) continue;
    by_reserve = m.calendar && m.calendar->remaining(now) >= cost;
  }
  if (concurrency_ && look(concurrency_->name(), concurrency_->next(now, cost))) by_reserve = false;
  if (pace_ && look(members_[paced_].limit().name(), pace_->next(now.steady))) by_reserve = false;
  assert(name != nullptr);
  return {*name, all, by_reserve};
}

void LimitSet::take(Now now, uint32_t cost, Instant due, uint8_t lane) {
  // Each bound asserts that it agrees (the pace is none); asking all of them again would double the price of a send.
  assert(is_covered(cost));
  if (pace_) pace_->take(now.steady, due, cost);
  for (Member& m : members_) m.take(now, cost, lane);
  if (concurrency_) concurrency_->take(now, cost);
  cost_out_ += cost;
  cost_out_by_lane_[lane] += cost;
  sends_out_++;
  taken_ += cost;
}

void LimitSet::settle(Taken taken, Now now, SettledAs how) {
  assert(cost_out_by_lane_[taken.lane] >= taken.cost && sends_out_ > 0 && now.steady >= taken.at);
  cost_out_ -= taken.cost;
  cost_out_by_lane_[taken.lane] -= taken.cost;
  sends_out_--;
  const bool answered = how == SettledAs::ok || how == SettledAs::refused;
  if (answered) margin_.observe(taken.at, now.steady);
  for (Member& m : members_) m.settle(taken, now, how);
  if (concurrency_) concurrency_->settle(taken, now, how);
  if (in_force_ && in_force_->settled(taken, now, how)) use_count_in_force(now);
}

uint32_t LimitSet::max_cost(uint8_t lane) const {
  uint64_t least = std::numeric_limits<uint32_t>::max();
  for (const Member& m : members_) {
    if (m.config.enforce) least = std::min(least, m.max_cost(lane));
  }
  return static_cast<uint32_t>(least);
}

double LimitSet::rate_per_second() const {
  double least = std::numeric_limits<double>::infinity();
  for (const Member& m : members_) {
    if (m.config.enforce) least = std::min(least, m.limit().rate_per_second());
  }
  return least;
}

// The k-th send of a window reuses the permit of the one N before it, which the other limits held up too: so
// look at that one's estimate, whole rounds earlier. Each such step is below that window's N, so they are
// few.
Instant LimitSet::estimate(Now now, uint64_t k, uint8_t lane) const {
  assert(k > 0);
  Instant at = now.steady;
  const bool slowly = in_force_ && in_force_->starts_slowly();
  if (pace_) at = slowly ? in_force_->estimate(now.steady, k) : pace_->estimate(now.steady, k);
  for (const Member& m : members_) {
    if (!m.config.enforce) continue;
    if (m.calendar) {
      at = std::max(at, estimate_beyond(*m.calendar, now, k, lane));
      continue;
    }
    if (slowly && in_force_->slows_window() && &m == &members_[paced_]) {
      at = std::max(at, in_force_->estimate(now.steady, k));
      continue;
    }
    at = std::max(at, m.window ? m.window->estimate(now, k) : m.bucket->estimate(now, k));
    const uint64_t count = m.limit().effective();
    if (!m.window || k <= count) continue;
    const Instant before = estimate(now, (k - 1) % count + 1, lane);
    if (before.is_never()) return before;
    at = std::max(at, m.window->permits().rounds_after(before, (k - 1) / count));
  }
  return at;
}

std::vector<LimitSet::View> LimitSet::views(Now now) const {
  std::vector<View> views;
  for (const Member& m : members_) {
    const Limit& limit = m.limit();
    views.push_back(
        {limit.name(), limit.effective(), limit.utilization(now), m.config.enforce, m.exceeded, m.remaining(now)});
  }
  if (concurrency_) {
    const double used = concurrency_->utilization(now);
    const auto count = static_cast<double>(concurrency_->effective());
    views.push_back({concurrency_->name(), concurrency_->effective(), used, true, 0, count * (1.0 - used)});
  }
  return views;
}

const WindowLimit* LimitSet::longest(const std::vector<Member>& members) const {
  const WindowLimit* longest = nullptr;
  for (const Member& m : members) {
    if (!m.window || !m.config.enforce) continue;
    if (longest == nullptr || m.window->per() > longest->per()) longest = m.window.get();
  }
  return longest;
}

// A limit that was not there before counts what is out, and what the set remembers.
void LimitSet::seed(Member& fresh, const std::vector<Member>& old, Now now) {
  if (fresh.bucket) return fresh.bucket->empty(now);
  if (fresh.calendar) return seed_calendar(fresh, old, now);
  Permits& permits = fresh.window->permits();
  permits.assume_out(cost_out_);
  const WindowLimit* known = longest(old);
  if (known == nullptr) return;
  std::vector<SettleTimes::Group> spent;
  for (const SettleTimes* times : {&known->permits().answered(), &known->permits().unanswered()}) {
    for (size_t i = 0; i < times->entries(); i++) spent.push_back(times->entry(i));
  }
  permits.spend(std::move(spent));
}

// Of what others remember, only what may have been counted in its period so far.
void LimitSet::seed_calendar(Member& fresh, const std::vector<Member>& old, Now now) {
  const WallTime start = fresh.calendar->start(now);
  const Duration age = now.wall - (start - CalendarLimit::guard);
  uint64_t spent = 0;
  if (const WindowLimit* known = longest(old)) {
    for (const SettleTimes* times : {&known->permits().answered(), &known->permits().unanswered()}) {
      spent += times->count() - times->by(now.steady - age);
    }
  }
  for (const std::vector<Member>* members : {&old, static_cast<const std::vector<Member>*>(&members_)}) {
    for (const Member& m : *members) {
      if (!m.calendar || m.calendar->start(now) < start) continue;
      const uint64_t settled = m.calendar->spent(now) - std::min(m.calendar->spent(now), cost_out_);
      spent = std::max(spent, settled);
    }
  }
  fresh.calendar->assume(cost_out_by_lane_, spent);
}

void LimitSet::reconfigure(const LimitSetConfig& config, Now now) {
  timeout_ = config.timeout;
  name_lanes(config.limits);
  std::vector<Member> old = std::exchange(members_, {});
  std::vector<bool> kept(old.size(), false);
  members_.resize(config.limits.size());
  const auto keep = [&](size_t to, size_t from) {
    kept[from] = true;
    Member& m = members_[to] = std::move(old[from]);
    m.config = config.limits[to];
    if (m.window) m.window->reconfigure(m.config, timeout_, margin_);
    if (m.bucket) m.bucket->reconfigure(m.config, now);
    if (m.calendar) m.calendar->reconfigure(m.config, timeout_, lanes_, now);
  };
  for (const bool by_name : {true, false}) {
    for (size_t to = 0; to < members_.size(); to++) {
      const LimitConfig& want = config.limits[to];
      for (size_t from = 0; from < old.size(); from++) {
        if (members_[to].made() || kept[from]) continue;
        const LimitConfig& had = old[from].config;
        const bool as_long = had.per == want.per && had.period == want.period && had.zone == want.zone;
        const bool same = by_name ? limit_name(had) == limit_name(want) : as_long;
        if (had.kind == want.kind && same) keep(to, from);
      }
    }
  }
  // Fresh ones last: what they are seeded from may have been kept or be about to go.
  std::vector<size_t> fresh;
  for (size_t to = 0; to < members_.size(); to++) {
    if (!members_[to].made()) fresh.push_back(to);
  }
  for (const size_t to : fresh) {
    Member m = make_member(config.limits[to], now);
    const WindowLimit* kept_longest = longest(members_);
    const WindowLimit* gone_longest = longest(old);
    const bool from_gone =
        gone_longest != nullptr && (kept_longest == nullptr || gone_longest->per() > kept_longest->per());
    seed(m, from_gone ? old : members_, now);
    members_[to] = std::move(m);
  }
  if (config.concurrency) {
    assert(concurrency_);
    concurrency_->reconfigure(*config.concurrency, timeout_);
  }
  set_pace(config, now);
  if (!has_long_window()) covered_.reset();  // nobody writes records of it any more
}

}  // namespace forebay
