// A sink whose real limit moves 100 -> 40 -> 100 a second under a configured 100/1s: the whole control loop in virtual
// time, against a downstream that counts a sliding window.
#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <map>

#include "world.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

struct Manner {
  bool names_time;      // Retry-After: 1
  bool counts_refused;  // in its window
  uint64_t low;         // of 100
};

// At most `limit` in any second.
struct SlidingWindow {
  bool counts_refused;
  uint64_t limit = 100;
  std::deque<int64_t> arrivals;
  bool accepts(int64_t at) {
    while (!arrivals.empty() && arrivals.front() <= at - second.ns) arrivals.pop_front();
    const bool accepted = arrivals.size() < limit;
    if (accepted || counts_refused) arrivals.push_back(at);
    return accepted;
  }
};

// Messages wait all the time. Each reply: 1 to 20 ms after the send, whatever it says.
class Loop {
 public:
  Loop(const Manner& manner, uint64_t seed)
      : manner_(manner),
        random_(seed),
        downstream_{manner.counts_refused, 100, {}},
        limits_(sink({window(100, second)}), now()) {}

  struct Level {
    uint64_t limit = 0;
    Duration lasts;
    std::map<int64_t, std::pair<uint64_t, uint64_t>> by_second;  // accepted, refused, from its beginning
    double refused_share() const {
      uint64_t accepted = 0, refused = 0;
      for (const auto& [s, counts] : by_second) accepted += counts.first, refused += counts.second;
      return static_cast<double>(refused) / static_cast<double>(accepted + refused);
    }
    double used() const {
      uint64_t accepted = 0;
      for (const auto& [s, counts] : by_second) accepted += counts.first;
      return static_cast<double>(accepted) / static_cast<double>(limit) / lasts.as_seconds();
    }
    // The beginning of the first two seconds that used nine tenths and were refused no more than a twentieth.
    int64_t settled_after() const {
      for (int64_t s = 0; s + 1 < static_cast<int64_t>(lasts.as_seconds()); s++) {
        uint64_t accepted = 0, refused = 0;
        for (const int64_t n : {s, s + 1}) {
          if (!by_second.contains(n)) continue;
          accepted += by_second.at(n).first, refused += by_second.at(n).second;
        }
        if (accepted * 10 >= limit * 2 * 9 && refused * 20 <= accepted) return s;
      }
      return INT64_MAX;
    }
  };

  Level run(uint64_t limit, Duration lasts) {
    Level level{limit, lasts, {}};
    downstream_.limit = limit;
    begin_ = at_;
    const int64_t end = at_ + lasts.ns;
    while (at_ < end) step(end, &level);
    return level;
  }

 private:
  struct Reply {
    Taken taken;
    int64_t arrives;
  };
  Now now() const { return {Instant{at_}, WallTime{at_}}; }
  int64_t between(int64_t low_us, int64_t high_us) {
    return (low_us + static_cast<int64_t>(random_.below(static_cast<uint64_t>(high_us - low_us)))) * 1000;
  }

  void step(int64_t end, Level* level) {
    const Instant opens = std::max(limits_.next(now(), 1), Instant{closed_until_});
    if (opens <= now().steady) {
      limits_.take(now(), 1, due_);
      const int64_t arrives = at_ + between(500, 10'000);
      on_the_way_.emplace(arrives, Taken{now().steady, 1});
      due_ = Instant::never();
      return;
    }
    due_ = opens.is_never() ? due_ : opens;
    int64_t next = opens.is_never() ? end : std::min(end, opens.ns + between(0, 200));
    if (!on_the_way_.empty()) next = std::min(next, on_the_way_.begin()->first);
    if (!replies_.empty()) next = std::min(next, replies_.begin()->first);
    at_ = std::max(at_, next);
    if (due_ > now().steady) due_ = Instant::never();
    arrivals(level);
    replies();
  }
  void arrivals(Level* level) {
    for (; !on_the_way_.empty() && on_the_way_.begin()->first <= at_; on_the_way_.erase(on_the_way_.begin())) {
      const bool accepted = downstream_.accepts(on_the_way_.begin()->first);
      auto& counts = level->by_second[(on_the_way_.begin()->first - begin_) / second.ns];
      ++(accepted ? counts.first : counts.second);
      replies_.emplace(at_ + between(500, 10'000), std::pair(on_the_way_.begin()->second, accepted));
    }
  }
  void replies() {
    for (; !replies_.empty() && replies_.begin()->first <= at_; replies_.erase(replies_.begin())) {
      const auto& [taken, accepted] = replies_.begin()->second;
      limits_.settle(taken, now(), accepted ? SettledAs::ok : SettledAs::refused);
      if (accepted) continue;
      const Duration closed = manner_.names_time ? second : *limits_.back_off(now());
      closed_until_ = std::max(closed_until_, at_ + closed.ns);
    }
  }

  Manner manner_;
  Random random_;
  int64_t at_ = second.ns * 100;
  int64_t begin_ = 0;
  int64_t closed_until_ = 0;
  Instant due_ = Instant::never();
  SlidingWindow downstream_;
  LimitSet limits_;
  std::multimap<int64_t, Taken> on_the_way_;
  std::multimap<int64_t, std::pair<Taken, bool>> replies_;
};

class AdaptiveLoop : public testing::TestWithParam<Manner> {};

// Sixteen phases: the limit rises again at another moment between two probes each time.
TEST_P(AdaptiveLoop, FollowsALimitThatFallsAndRises) {
  const Manner& manner = GetParam();
  double most_refused = 0, least_used[2] = {1, 1};
  int64_t slowest[2] = {0, 0};
  for (uint64_t seed = 1; seed <= 16; seed++) {
    Loop loop(manner, seed);
    const Duration five = Duration::minutes(5);
    const Loop::Level high = loop.run(100, five);
    const Loop::Level low = loop.run(manner.low, five + Duration::milliseconds(static_cast<int64_t>(seed) * 1063));
    const Loop::Level again = loop.run(100, five);
    EXPECT_EQ(high.refused_share(), 0) << "the configured limit is the real one";
    for (const auto* level : {&high, &low, &again}) {
      most_refused = std::max(most_refused, level->refused_share());
      double& used = least_used[level == &low];
      used = std::min(used, level->used());
      if (level != &high) slowest[level == &low] = std::max(slowest[level == &low], level->settled_after());
    }
  }
  std::printf(
      "  %s, refused %s, 100 -> %lu -> 100: refused %.4f at most, used %.4f (100) %.4f (low), settled in %ld s (down) "
      "%ld s (up)\n",
      manner.names_time ? "Retry-After: 1" : "no Retry-After", manner.counts_refused ? "counted" : "not counted",
      static_cast<unsigned long>(manner.low), most_refused, least_used[0], least_used[1], static_cast<long>(slowest[1]),
      static_cast<long>(slowest[0]));
  EXPECT_LE(most_refused, 0.02);
  EXPECT_GE(least_used[0], 0.9);
  EXPECT_GE(least_used[1], 0.9);
  EXPECT_LE(slowest[0], 20);
  EXPECT_LE(slowest[1], 20);
}

INSTANTIATE_TEST_SUITE_P(Adaptive, AdaptiveLoop,
                         testing::Values(Manner{false, false, 40}, Manner{false, true, 40}, Manner{true, false, 40},
                                         Manner{true, true, 40}, Manner{false, false, 93}, Manner{false, true, 12},
                                         Manner{true, true, 70}));

}  // namespace
}  // namespace forebay
