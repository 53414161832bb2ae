#include "limiter/key_limits.h"

#include <algorithm>
#include <limits>

namespace forebay {
namespace {

const std::string nothing;
const std::string key_memory = "key_memory";

constexpr Instant long_ago{std::numeric_limits<int64_t>::min()};
// How soon a key that found no memory asks again, at the earliest: no key polls the memory.
constexpr Duration ask_again = Duration::milliseconds(100);
constexpr Duration ask_again_without_history = Duration::seconds(1);
constexpr int visits_per_age = 2048;
constexpr int visits_per_key = 2;  // a set that gains keys drops as many, however seldom age() is called

}  // namespace

KeyLimits::KeyLimits(std::span<const LimitConfig> limits, OnKeyOverflow on_overflow, Duration default_grace,
                     KeyMemory& memory)
    : windows_(limits, default_grace),
      on_overflow_(on_overflow),
      shards_(memory),
      ages_(windows_.hold()),
      since_(long_ago),
      lost_until_(long_ago),
      enough_(windows_.most()) {}

KeyHistory* KeyLimits::known(KeyHash key) const {
  const KeyShards::Ref ref = shards_.find(key);
  return ref == KeyShards::none ? nullptr : &shards_.at(ref);
}

Instant KeyLimits::memory_next(KeyHash key, Now now) const {
  Instant at = std::max(now.steady, lost_until_);
  if (!shards_.fits_another(key)) {
    const Instant aged = ages_.earliest();
    at =
        std::max(at, aged.is_never() ? now.steady + ask_again_without_history : std::max(aged, now.steady + ask_again));
  }
  return at;
}

Instant KeyLimits::next(KeyHash key, Now now, uint32_t cost) const {
  assert(cost > 0);
  if (empty()) return now.steady;
  if (cost > windows_.least()) return Instant::never();
  const KeyHistory* history = known(key);
  return history != nullptr ? windows_.ask(*history, now.steady, cost).at : memory_next(key, now);
}

const std::string& KeyLimits::blocking(KeyHash key, Now now, uint32_t cost) const {
  if (empty()) return nothing;
  const KeyHistory* history = known(key);
  if (history == nullptr && cost <= windows_.least()) {
    return memory_next(key, now) > now.steady ? key_memory : nothing;
  }
  const KeyWindows::Verdict verdict = windows_.ask(history != nullptr ? *history : KeyHistory(key), now.steady, cost);
  return verdict.last != nullptr ? *verdict.last : nothing;
}

bool KeyLimits::refuses(KeyHash key) const {
  if (empty() || on_overflow_ == OnKeyOverflow::hold) return false;
  return known(key) == nullptr && !shards_.fits_another(key);
}

Instant KeyLimits::estimate(KeyHash key, Now now, uint64_t k) const {
  if (empty()) return now.steady;
  const KeyHistory* history = known(key);
  const Instant at = windows_.estimate(history, now.steady, k);
  return history != nullptr ? at : std::max(at, memory_next(key, now));
}

KeyHistory* KeyLimits::begin(KeyHash key, Instant newest, Now now) {
  drop_due(now, visits_per_key);
  if (shards_.should_split()) split(now);
  const KeyShards::Ref ref = shards_.insert(key);
  if (ref == KeyShards::none) return nullptr;
  KeyHistory& history = shards_.at(ref);
  ages_.link(ref, &history.link(), newest, now);
  return &history;
}

void KeyLimits::split(Now now) {
  shards_.split();
  ages_.reset(windows_.hold());
  shards_.for_each([&](KeyShards::Ref ref, KeyHistory& history) {
    const KeyStamps stamps = history.stamps();
    ages_.link(ref, &history.link(), stamps.size > 0 ? stamps[stamps.size - 1].at() : now.steady, now);
  });
}

void KeyLimits::take(KeyHash key, Now now, uint32_t cost) {
  if (empty()) return;
  assert(cost > 0 && cost <= windows_.least());
  KeyHistory* history = known(key);
  if (history == nullptr) {
    // Two sets may have been told that there is room, and the one that takes first has it.
    shards_.heap().set_bounded(false);
    history = begin(key, now.steady, now);
    shards_.heap().set_bounded(true);
  }
  assert(history != nullptr && windows_.ask(*history, now.steady, cost).at <= now.steady);
  history->set_out(uint64_t{history->out()} + cost);
}

void KeyLimits::settle(KeyHash key, Taken taken, Now now, SettledAs how) {
  if (empty()) return;
  KeyHistory* history = known(key);
  const bool counted = taken.at >= since_ && history != nullptr && history->out() >= taken.cost;
  assert(counted || taken.at <= since_);
  if (counted) history->set_out(history->out() - taken.cost);
  if (how == SettledAs::not_sent) return;
  keep(key, history, now.steady + (how == SettledAs::unanswered ? windows_.grace() : Duration{}), taken.cost, now);
}

void KeyLimits::spent(KeyHash key, Instant settled, uint32_t cost, Now now) {
  assert(cost > 0);
  if (empty()) return;
  keep(key, known(key), settled, cost, now);
}

void KeyLimits::keep(KeyHash key, KeyHistory* history, Instant settled, uint32_t cost, Now now) {
  if (settled + windows_.hold() <= now.steady) return;
  if (history == nullptr) history = begin(key, settled, now);
  if (history == nullptr) {
    lost_until_ = std::max(lost_until_, settled + windows_.hold());
    return;
  }
  history->push(settled, cost, now.steady - windows_.hold(), enough_, windows_, shards_.heap());
}

void KeyLimits::drop_due(Now now, int most) {
  for (; most > 0; most--) {
    const KeyShards::Ref ref = ages_.due(now);
    if (ref == KeyAges::none) return;
    KeyHistory& history = shards_.at(ref);
    const KeyShards::Ref next = history.link();
    ages_.pop(next);
    if (next != KeyAges::none) __builtin_prefetch(&shards_.at(next));
    history.trim(now.steady - windows_.hold());
    const KeyStamps stamps = history.stamps();
    if (stamps.size == 0 && history.out() == 0) {
      shards_.erase(ref);
      continue;
    }
    const Instant newest = history.out() > 0 ? now.steady : stamps[stamps.size - 1].at();
    history.shrink(shards_.heap());  // moves the stamps
    ages_.link(ref, &history.link(), newest, now);
  }
}

void KeyLimits::age(Now now) {
  drop_due(now, visits_per_age);
}

void KeyLimits::reconfigure(std::span<const LimitConfig> limits, OnKeyOverflow on_overflow, Duration default_grace,
                            Now now) {
  const bool was_empty = empty();
  windows_ = KeyWindows(limits, default_grace);
  on_overflow_ = on_overflow;
  if (was_empty || empty()) {
    shards_.clear();
    ages_.reset(windows_.hold());
    since_ = now.steady;
  } else {
    ages_.regroup(windows_.hold());
  }
  enough_ = was_empty ? windows_.most() : std::max(enough_, windows_.most());
}

}  // namespace forebay
