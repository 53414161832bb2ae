// KeyAges: which histories may be old enough to drop, without ever scanning for them. A circle of 64 buckets of time;
// each history is in the list of one, by what its newest stamp was when it was last looked at. A bucket is due when
// everything in it is `reach` old (the longest hold). Whoever empties it drops a history or links it again, by what
// its newest stamp is now: one visit a history and reach, and nothing to do when a key sends.
//
// A history is dropped at most reach/32 and a visit's delay after its last stamp has aged out.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace forebay {

class KeyAges {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  explicit KeyAges(Duration reach) { reset(reach); }
  // Nothing is linked.
  void reset(Duration reach);
  // Another reach: all that is linked is due, to be linked again.
  void regroup(Duration reach);

  // `next` is the history's link, kept for this list.
  void link(uint32_t ref, uint32_t* next, Instant newest, Now now);
  // A history to look at, or none. It is taken off with pop(its link).
  uint32_t due(Now now);
  void pop(uint32_t next);
  // When the oldest bucket with anything in it is due; never: nothing is linked.
  Instant earliest() const;

 private:
  static constexpr int64_t buckets = 64;

  int64_t bucket_of(Instant at) const;
  Instant due_at(int64_t bucket) const { return Instant{(bucket + 1) * width_} + reach_; }
  uint32_t& head(int64_t bucket) { return heads_[static_cast<uint64_t>(bucket) % buckets]; }

  Duration reach_;
  int64_t width_ = 1;   // ns
  int64_t oldest_ = 0;  // buckets oldest_ to oldest_ + 63 are in the circle
  uint64_t linked_ = 0;
  std::array<uint32_t, buckets> heads_;
  std::vector<uint32_t> stale_;  // lists of an earlier reach
};

}  // namespace forebay
