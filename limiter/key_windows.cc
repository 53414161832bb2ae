#include "limiter/key_windows.h"

#include <algorithm>
#include <array>
#include <limits>

#include "limiter/limit_name.h"
#include "limiter/window_limit.h"

namespace forebay {
namespace {

Instant plus_rounds(Instant at, Duration hold, uint64_t rounds) {
  const __int128 ns = static_cast<__int128>(at.ns) + static_cast<__int128>(rounds) * hold.ns;
  return ns >= std::numeric_limits<int64_t>::max() ? Instant::never() : Instant{static_cast<int64_t>(ns)};
}

}  // namespace

KeyWindows::KeyWindows(std::span<const LimitConfig> limits, Duration default_grace)
    : least_(std::numeric_limits<uint32_t>::max()) {
  for (const LimitConfig& config : limits) {
    if (!config.enforce) continue;
    assert(config.kind == LimitConfig::Kind::window && config.count > 0 && config.count <= 1'000'000'000);
    Window window{static_cast<uint32_t>(config.count), WindowLimit::hold_of(config.per), limit_name(config)};
    if (config.name.empty()) window.name = "key:" + window.name;
    least_ = std::min(least_, window.count);
    most_ = std::max(most_, window.count);
    hold_ = std::max(hold_, window.hold);
    grace_ = std::max(grace_, config.unanswered_grace.value_or(default_grace));
    windows_.push_back(std::move(window));
    const Window &slow = windows_[slowest_], &last = windows_.back();
    const bool slower =
        static_cast<__int128>(last.hold.ns) * slow.count > static_cast<__int128>(slow.hold.ns) * last.count;
    if (slower) slowest_ = windows_.size() - 1;
  }
}

KeyWindows::Verdict KeyWindows::ask(const KeyHistory& history, Instant now, uint32_t cost) const {
  const KeyStamps stamps = history.stamps();
  const uint32_t total = stamps.total();
  const uint64_t wanted = uint64_t{history.out()} + cost;
  Verdict verdict{now};
  for (const Window& window : windows_) {
    if (wanted > window.count) return {Instant::never(), &window.name};
    const auto budget = static_cast<uint32_t>(window.count - wanted);
    if (total <= budget) continue;
    const Instant home = stamps[stamps.last_above(budget)].at() + window.hold;
    if (home > verdict.at) verdict = {home, &window.name};
  }
  return verdict;
}

// Of as many stamps as there are, at most half as many grains are left: each window has its equal share of them.
Duration KeyWindows::grain(Duration age, uint32_t size) const {
  Duration least = hold_;
  for (const Window& window : windows_) {
    if (window.hold > age) least = std::min(least, window.hold);
  }
  const int64_t grains = std::max<int64_t>(1, size / 2 / static_cast<int64_t>(windows_.size()));
  return Duration{least.ns / grains + 1};
}

Instant KeyWindows::nth(const Window& window, const KeyHistory* history, Instant now, uint32_t n) const {
  if (history == nullptr) return now;
  if (history->out() > window.count - n) return now + window.hold;
  const uint32_t budget = window.count - n - history->out();
  const KeyStamps stamps = history->stamps();
  if (stamps.total() <= budget) return now;
  return std::max(now, stamps[stamps.last_above(budget)].at() + window.hold);
}

// The n-th send of a run in which each goes as soon as all windows agree. n is at most twice played_max.
Instant KeyWindows::played(const KeyHistory* history, Instant now, uint32_t n) const {
  std::array<Instant, 2 * played_max> sent;
  Instant at = now;
  for (uint32_t j = 1; j <= n; j++) {
    for (const Window& window : windows_) {
      const bool own = j > window.count;
      at = std::max(at, own ? sent[j - window.count - 1] + window.hold : nth(window, history, now, j));
    }
    sent[j - 1] = at;
  }
  return at;
}

Instant KeyWindows::estimate(const KeyHistory* history, Instant now, uint64_t k) const {
  assert(k > 0);
  if (empty()) return now;
  const Window& slow = windows_[slowest_];
  if (slow.count <= played_max) {
    const uint64_t rounds = k > 2 * slow.count ? (k - slow.count - 1) / slow.count : 0;
    return plus_rounds(played(history, now, static_cast<uint32_t>(k - rounds * slow.count)), slow.hold, rounds);
  }
  Instant last = now;
  for (const Window& window : windows_) {
    const uint64_t rounds = (k - 1) / window.count;
    const auto place = static_cast<uint32_t>((k - 1) % window.count + 1);
    last = std::max(last, plus_rounds(nth(window, history, now, place), window.hold, rounds));
  }
  return last;
}

}  // namespace forebay
