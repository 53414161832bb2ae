#include "limiter/limit_set.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "limiter/limit_name.h"

namespace forebay {

LimitSet::LimitSet(const SinkConfig& config, Now now)
    : timeout_(config.timeout), concurrency_(config.concurrency, config.timeout) {
  for (const LimitConfig& limit : config.limits) members_.push_back(make_member(limit));
  set_pace(config, now);
}

LimitSet::Member LimitSet::make_member(const LimitConfig& config) const {
  Member member{config, nullptr, nullptr};
  if (config.kind == LimitConfig::Kind::window) {
    member.window = std::make_unique<WindowLimit>(config, timeout_, margin_);
  } else {
    member.bucket = std::make_unique<BucketLimit>(config);
  }
  return member;
}

// A bucket spreads by itself, up to the burst its owner asked for; only windows are paced.
void LimitSet::set_pace(const SinkConfig& config, Now now) {
  const Member* shortest = nullptr;
  for (const Member& m : members_) {
    if (!m.window) continue;
    const auto order = [](const Member& x) { return std::pair(x.config.per, x.config.count); };
    if (shortest == nullptr || order(m) < order(*shortest)) shortest = &m;
  }
  if (shortest == nullptr || config.pace_off) {
    pace_.reset();
    return;
  }
  paced_ = static_cast<size_t>(shortest - members_.data());
  if (pace_) {
    pace_->reconfigure(shortest->config.count, shortest->config.per, config.pace, now.steady);
  } else {
    pace_.emplace(shortest->config.count, shortest->config.per, config.pace);
  }
}

// A window that is free now may not be at the time another asks for (its margin can shrink meanwhile), so ask
// again until a whole round agrees.
Instant LimitSet::next(Now now, uint32_t cost) const {
  // Costs are 1 as yet: one above ahead() would wait for ever here.
  assert(!covered_ || cost <= ahead());
  if (covered_ && taken_ + cost > *covered_) return Instant::never();
  for (Now at = now;;) {
    Instant all = at.steady;
    if (pace_) all = pace_->next(all);
    for (const Member& m : members_) {
      all = std::max(all, m.window ? m.window->next({all, at.wall}, cost) : m.bucket->next({all, at.wall}, cost));
      if (all.is_never()) return all;
    }
    all = std::max(all, concurrency_.next({all, at.wall}, cost));
    if (all == at.steady || all.is_never()) return all;
    at.steady = all;
  }
}

LimitSet::Blocking LimitSet::blocking(Now now, uint32_t cost) const {
  const Instant all = next(now, cost);
  if (all <= now.steady) return {{}, now.steady};
  if (covered_ && taken_ + cost > *covered_) return {longest(members_)->name(), all};
  const std::string* name = nullptr;
  Instant latest = now.steady;
  const auto look = [&](const std::string& who, Instant at) {
    if (at > latest) latest = at, name = &who;
  };
  for (const Member& m : members_) look(m.limit().name(), m.limit().next(now, cost));
  look(concurrency_.name(), concurrency_.next(now, cost));
  if (pace_) look(members_[paced_].limit().name(), pace_->next(now.steady));
  assert(name != nullptr);
  return {*name, all};
}

void LimitSet::take(Now now, uint32_t cost, Instant due) {
  assert(next(now, cost) <= now.steady);
  if (pace_) pace_->take(now.steady, due, cost);
  for (Member& m : members_) m.limit().take(now, cost);
  concurrency_.take(now, cost);
  cost_out_ += cost;
  taken_ += cost;
}

void LimitSet::settle(Taken taken, Now now, SettledAs how) {
  assert(cost_out_ >= taken.cost && now.steady >= taken.at);
  cost_out_ -= taken.cost;
  const bool answered = how == SettledAs::ok || how == SettledAs::refused;
  if (answered) margin_.observe(taken.at, now.steady);
  for (Member& m : members_) m.limit().settle(taken, now, how);
  concurrency_.settle(taken, now, how);
}

uint32_t LimitSet::max_cost() const {
  uint64_t least = std::numeric_limits<uint32_t>::max();
  for (const Member& m : members_) least = std::min(least, m.window ? m.config.count : m.config.burst);
  return static_cast<uint32_t>(least);
}

double LimitSet::rate_per_second() const {
  double least = std::numeric_limits<double>::infinity();
  for (const Member& m : members_) least = std::min(least, m.limit().rate_per_second());
  return least;
}

// The k-th send of a window reuses the permit of the one N before it, which the other limits held up too: so
// look at that one's estimate, whole rounds earlier. Each such step is below that window's N, so they are
// few.
Instant LimitSet::estimate(Now now, uint64_t k) const {
  assert(k > 0);
  Instant at = now.steady;
  if (pace_) at = pace_->estimate(now.steady, k);
  for (const Member& m : members_) {
    at = std::max(at, m.window ? m.window->estimate(now, k) : m.bucket->estimate(now, k));
    if (!m.window || k <= m.config.count) continue;
    const Instant before = estimate(now, (k - 1) % m.config.count + 1);
    at = std::max(at, m.window->permits().rounds_after(before, (k - 1) / m.config.count));
  }
  return at;
}

std::vector<LimitSet::View> LimitSet::views(Now now) const {
  std::vector<View> views;
  for (const Member& m : members_) {
    views.push_back({m.limit().name(), m.limit().effective(), m.limit().utilization(now)});
  }
  views.push_back({concurrency_.name(), concurrency_.effective(), concurrency_.utilization(now)});
  return views;
}

const WindowLimit* LimitSet::longest(const std::vector<Member>& members) const {
  const WindowLimit* longest = nullptr;
  for (const Member& m : members) {
    if (m.window && (longest == nullptr || m.window->per() > longest->per())) longest = m.window.get();
  }
  return longest;
}

// A limit that was not there before counts what is out, and what the set remembers.
void LimitSet::seed(Member& fresh, const std::vector<Member>& old, Now now) {
  if (fresh.bucket) return fresh.bucket->empty(now);
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

void LimitSet::reconfigure(const SinkConfig& config, Now now) {
  timeout_ = config.timeout;
  std::vector<Member> old = std::exchange(members_, {});
  std::vector<bool> kept(old.size(), false);
  members_.resize(config.limits.size());
  const auto keep = [&](size_t to, size_t from) {
    kept[from] = true;
    Member& m = members_[to] = {config.limits[to], std::move(old[from].window), std::move(old[from].bucket)};
    if (m.window) m.window->reconfigure(m.config, timeout_, margin_);
    if (m.bucket) m.bucket->reconfigure(m.config, now);
  };
  for (const bool by_name : {true, false}) {
    for (size_t to = 0; to < members_.size(); to++) {
      const LimitConfig& want = config.limits[to];
      for (size_t from = 0; from < old.size(); from++) {
        if (members_[to].window || members_[to].bucket || kept[from]) continue;
        const LimitConfig& had = old[from].config;
        const bool same = by_name ? limit_name(had) == limit_name(want) : had.per == want.per;
        if (had.kind == want.kind && same) keep(to, from);
      }
    }
  }
  // Fresh ones last: what they are seeded from may have been kept or be about to go.
  std::vector<size_t> fresh;
  for (size_t to = 0; to < members_.size(); to++) {
    if (!members_[to].window && !members_[to].bucket) fresh.push_back(to);
  }
  for (const size_t to : fresh) {
    Member m = make_member(config.limits[to]);
    const WindowLimit* kept_longest = longest(members_);
    const WindowLimit* gone_longest = longest(old);
    const bool from_gone =
        gone_longest != nullptr && (kept_longest == nullptr || gone_longest->per() > kept_longest->per());
    seed(m, from_gone ? old : members_, now);
    members_[to] = std::move(m);
  }
  concurrency_.reconfigure(config.concurrency, timeout_);
  set_pace(config, now);
  if (!has_long_window()) covered_.reset();  // nobody writes records of it any more
}

}  // namespace forebay
