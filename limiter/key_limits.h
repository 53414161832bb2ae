// KeyLimits: one object for the windows of all keys of a set, e.g. [1/1m, 5/1h, 10/24h].
//
// Promise: for no key does any of the set's windows (N, W), wherever it is laid, hold more than N arrivals *at the
// downstream*, under the conditions of a strict window (window_limit.h): a send holds its places from take() until
// settle + W·(1 + 200 ppm); unanswered: close + grace + that; not sent: it gives them back at once. And no key waits
// longer than that: places come home to the nanosecond, where a window's N is at most 4,096 and memory is not full.
//
// Memory: `memory` bounds the bytes of all sets, strictly. A key with a history of up to two stamps takes about 50
// bytes, the table included. When it is full
//   - a key not known yet is held until histories age out, or refused at the door (on_key_overflow)
//   - a key that is known goes on; where its history would have to grow, places are joined and come home late.
// A history is dropped when the longest window has passed over it, give or take a 32nd, without a scan.
//
// Protocol per send as in limit.h, with a key, which is never 0. Sends are known by key, so a settle after the set
// was empty at its take only leaves its stamp.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/config.h"
#include "limiter/key_ages.h"
#include "limiter/key_shards.h"
#include "limiter/key_windows.h"
#include "limiter/limit.h"

namespace forebay {

class KeyLimits {
 public:
  // `default_grace`: the sink's timeout, for windows without unanswered_grace. `memory` outlives this.
  KeyLimits(std::span<const LimitConfig> limits, OnKeyOverflow on_overflow, Duration default_grace, KeyMemory& memory);

  // No windows: everything is free.
  bool empty() const { return windows_.empty(); }
  // The earliest Instant at which take() may be called for that key; never(): only a settle of the same key frees it.
  // A key not known yet while the memory is full: a moment at which something may have aged out, to ask again.
  Instant next(KeyHash key, Now now, uint32_t cost) const;
  // Only when next() <= now.steady (asserted).
  void take(KeyHash key, Now now, uint32_t cost);
  // Exactly once per take, in any order.
  void settle(KeyHash key, Taken taken, Now now, SettledAs how);

  // The name of the window that is last to agree: "key:5/1h", or as configured; "key_memory"; empty: nothing blocks.
  const std::string& blocking(KeyHash key, Now now, uint32_t cost) const;
  // Must the door refuse a message with this key? Memory is full, the key not known, and on_key_overflow says refuse.
  bool refuses(KeyHash key) const;
  // Above it a cost never comes: the least N; +max where empty.
  uint32_t max_cost() const { return windows_.least(); }
  // When the k-th further send of that key (k >= 1) could leave, if answered at once.
  Instant estimate(KeyHash key, Now now, uint64_t k) const;

  // Drops what the longest window has passed over. Called each second or so; at most 2,048 histories a call.
  void age(Now now);
  // With sends out or not. Histories are kept as far as they reach: a longer window knows nothing older than the
  // longest one before it. O(1), but for a set that becomes empty, which forgets everything.
  void reconfigure(std::span<const LimitConfig> limits, OnKeyOverflow on_overflow, Duration default_grace, Now now);

  // At start: a send of an earlier process, settled then (in the past, or, unanswered, with its grace still to come).
  // Where memory is full, unknown keys are held until the send would have aged out.
  void spent(KeyHash key, Instant settled, uint32_t cost, Now now);
  // f(key, settled, cost) for all that still count: for saving. What is out is the saver's own to know: after a crash
  // it is spent(key, crash + grace, cost).
  template <class F>
  void for_each_spend(Now now, F&& f) const {
    shards_.for_each([&](KeyShards::Ref, const KeyHistory& history) {
      const KeyStamps stamps = history.stamps();
      for (uint32_t i = 0; i < stamps.size; i++) {
        if (stamps[i].at() + windows_.hold() > now.steady) f(history.key(), stamps[i].at(), stamps.cost(i));
      }
    });
  }

  uint64_t keys() const { return shards_.size(); }
  uint64_t memory_bytes() const { return shards_.heap().bytes(); }

 private:
  KeyHistory* known(KeyHash key) const;  // null: it has no history
  // The history of a key that has none; null: no memory.
  KeyHistory* begin(KeyHash key, Instant newest, Now now);
  void keep(KeyHash key, KeyHistory* history, Instant settled, uint32_t cost, Now now);
  void drop_due(Now now, int most);
  Instant memory_next(KeyHash key, Now now) const;
  void split(Now now);

  KeyWindows windows_;
  OnKeyOverflow on_overflow_;
  KeyShards shards_;
  KeyAges ages_;
  Instant since_;       // takes before it are not in `out`
  Instant lost_until_;  // until then some unknown key may have spends that found no memory
  uint32_t enough_;     // the greatest N since there are windows: what settles late may be of an earlier set
};

}  // namespace forebay
