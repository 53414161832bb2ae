// A brute-force model of one set of key windows, and of a downstream that counts by key, beside a KeyLimits that is
// driven by a seed: sends, settles of all kinds in any order, aging, restarts, changes. Every answer of next() must be
// the model's, to the nanosecond.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "downstream.h"
#include "limiter/key_limits.h"
#include "limiter/window_limit.h"

namespace forebay {

inline LimitConfig key_window(uint64_t count, Duration per) {
  LimitConfig config;
  config.count = count;
  config.per = per;
  return config;
}

inline Now at(Instant steady) {
  return {steady, {}};
}

class KeyWorld {
 public:
  using Set = std::vector<LimitConfig>;

  KeyWorld(Set set, Duration grace, uint32_t keys, uint32_t cost_max, uint64_t seed, Instant start)
      : set_(std::move(set)), grace_(grace), keys_(keys), cost_max_(cost_max), random_(seed), now_{start} {
    limits_ = std::make_unique<KeyLimits>(set_, OnKeyOverflow::hold, grace_, memory_);
  }

  KeyLimits& limits() { return *limits_; }
  uint64_t sent() const { return sent_; }
  uint64_t wrong() const { return wrong_; }  // answers of next() that were not the model's

  // One thing happens: time passes, a send begins or ends, or the histories are aged.
  void step() {
    now_ = now_ + Duration{static_cast<int64_t>(below(2) == 0 ? below(4) : below(longest().ns / 20 + 1))};
    const uint64_t what = below(10);
    if (what == 0) {
      limits_->age(at(now_));
    } else if (what < 5 && !out_.empty()) {
      settle_one();
    } else {
      send();
    }
    ends_old();
  }

  // kill -9: what was out is unknown, and its connections are closed now.
  void restart() {
    auto fresh = std::make_unique<KeyLimits>(set_, OnKeyOverflow::hold, grace_, memory_);
    limits_->for_each_spend(
        at(now_), [&](KeyHash key, Instant settled, uint32_t cost) { fresh->spent(key, settled, cost, at(now_)); });
    for (Send& send : out_) {
      fresh->spent(send.key, now_ + grace_, send.cost, at(now_));
      arrives(send, now_ + grace_);
      held_[send.key].push_back({now_ + grace_, send.cost});
    }
    out_.clear();
    limits_ = std::move(fresh);
  }

  void reconfigure(Set set) {
    set_ = std::move(set);
    limits_->reconfigure(set_, OnKeyOverflow::hold, grace_, at(now_));
  }

  // The most that any window of that length held, of any key.
  uint64_t worst(Duration length) {
    uint64_t worst = 0;
    for (auto& [key, downstream] : downstreams_) worst = std::max(worst, downstream.worst(length));
    return worst;
  }
  void forget_arrivals() { downstreams_.clear(); }

  Duration longest() const {
    Duration longest;
    for (const LimitConfig& window : set_) longest = std::max(longest, WindowLimit::hold_of(window.per));
    return longest;
  }

  // All sends that are out are answered, and all history has aged out.
  void rest() {
    while (!out_.empty()) settle_one();
    for (int i = 0; i < 3; i++) {
      now_ = now_ + longest() + grace_ + longest() / 16;
      limits_->age(at(now_));
    }
  }
  uint64_t memory_used() const { return memory_.bytes_used; }

 private:
  struct Send {
    KeyHash key;
    Instant taken;
    uint32_t cost;
  };
  struct Held {
    Instant from;
    uint32_t cost;
  };

  uint64_t below(int64_t n) { return random_() % static_cast<uint64_t>(n); }

  Instant foretold(KeyHash key, uint32_t cost) {
    Instant next = now_;
    for (const LimitConfig& window : set_) {
      std::vector<Held> held = held_[key];
      std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) { return a.from < b.from; });
      uint64_t used = cost;
      for (const Send& send : out_) used += send.key == key ? send.cost : 0;
      if (used > window.count) return Instant::never();
      for (auto h = held.rbegin(); h != held.rend(); ++h) {
        used += h->cost;
        if (used <= window.count) continue;
        next = std::max(next, h->from + WindowLimit::hold_of(window.per));
        break;
      }
    }
    return next;
  }

  void send() {
    const KeyHash key = 1 + std::min(below(keys_), below(keys_));
    const auto cost = static_cast<uint32_t>(1 + below(cost_max_));
    const Instant next = limits_->next(key, at(now_), cost);
    if (next != foretold(key, cost)) wrong_++;
    if (limits_->blocking(key, at(now_), cost).empty() != (next <= now_)) wrong_++;
    if (next.is_never()) return;
    if (next > now_ && (below(2) == 0 || next - now_ > longest() / 4)) return;
    now_ = std::max(now_, next);
    limits_->take(key, at(now_), cost);
    out_.push_back({key, now_, cost});
    sent_++;
  }

  void arrives(const Send& send, Instant latest) {
    const uint64_t where = below(3);
    const Duration span = latest - send.taken;
    const Instant arrival = where == 0   ? send.taken
                            : where == 1 ? latest
                                         : send.taken + Duration{static_cast<int64_t>(below(span.ns + 1))};
    downstreams_[send.key].counts(arrival.ns, send.cost);
  }

  void settle_one() {
    const size_t which = below(static_cast<int64_t>(out_.size()));
    const Send send = out_[which];
    out_.erase(out_.begin() + static_cast<long>(which));
    const uint64_t how = below(8);
    const SettledAs as = how == 0   ? SettledAs::not_sent
                         : how == 1 ? SettledAs::unanswered
                         : how == 2 ? SettledAs::refused
                                    : SettledAs::ok;
    limits_->settle(send.key, {send.taken, send.cost}, at(now_), as);
    if (as == SettledAs::not_sent) return;
    const Instant latest = as == SettledAs::unanswered ? now_ + grace_ : now_;
    arrives(send, latest);
    held_[send.key].push_back({latest, send.cost});
  }

  // What the model need not remember, so that it stays fast.
  void ends_old() {
    if (++steps_ % 256 != 0) return;
    for (auto& [key, held] : held_) std::erase_if(held, [&](const Held& h) { return h.from + longest() <= now_; });
  }

  Set set_;
  Duration grace_;
  uint32_t keys_, cost_max_;
  std::mt19937_64 random_;
  Instant now_;
  KeyMemory memory_{64 << 20};
  std::unique_ptr<KeyLimits> limits_;
  std::vector<Send> out_;
  std::map<KeyHash, std::vector<Held>> held_;
  std::map<KeyHash, Downstream> downstreams_;
  uint64_t sent_ = 0, wrong_ = 0, steps_ = 0;
};

}  // namespace forebay
