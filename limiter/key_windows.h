// KeyWindows: the windows of one set, as rules over a key's history. A window (N, W) agrees to a send of cost c as soon
// as c, what is out and the stamps younger than W·(1 + 200 ppm) come to N at most: it is the N-th last place that
// decides. One ring of the last max-N serves them all. A window with `enforce: false` is left out.
//
// An unanswered send is stamped at its close + grace, one grace for the set: the longest of its windows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "limiter/key_history.h"

namespace forebay {

class KeyWindows final : public KeyHistory::Grains {
 public:
  struct Verdict {
    Instant at;                         // from when on all agree; never(): more is out than leaves room
    const std::string* last = nullptr;  // the window that agrees last; null: all agree now
  };

  KeyWindows(std::span<const LimitConfig> limits, Duration default_grace);

  bool empty() const { return windows_.empty(); }
  uint32_t least() const { return least_; }  // N; +max where empty
  uint32_t most() const { return most_; }    // N: how much cost of a history can matter
  Duration hold() const { return hold_; }    // the longest
  Duration grace() const { return grace_; }

  Verdict ask(const KeyHistory& history, Instant now, uint32_t cost) const;
  // For a key without a history too (null). As if what is out were answered now. Exact up to twice the count of the
  // slowest window where that is at most 128, then by whole rounds of it; above 128 each window by itself.
  Instant estimate(const KeyHistory* history, Instant now, uint64_t k) const;

  Duration grain(Duration age, uint32_t size) const override;

 private:
  struct Window {
    uint32_t count;
    Duration hold;
    std::string name;
  };
  static constexpr uint32_t played_max = 128;

  // When the n-th further place of cost 1 is free (n <= count), counting from the history alone.
  Instant nth(const Window& window, const KeyHistory* history, Instant now, uint32_t n) const;
  Instant played(const KeyHistory* history, Instant now, uint32_t n) const;

  std::vector<Window> windows_;
  uint32_t least_, most_ = 0;
  size_t slowest_ = 0;
  Duration hold_, grace_;
};

}  // namespace forebay
