// Meter: one bound as a downstream counts it. It has a clock of its own, which may be wrong by `skew`. worst() is the
// most that any of its windows held, whatever the bound, so that a test sees a breach even where nothing was refused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace forebay::sim {

class Meter {
 public:
  virtual ~Meter() = default;
  // Would a request of that cost be taken? Times never go back; nor does the wall clock of the world but by a step.
  virtual bool has_room(Now now, uint32_t cost) = 0;
  // It came, and counts.
  virtual void count(Now now, uint32_t cost) = 0;
  // How long until has_room() for that cost if nothing more comes; a guess where it depends on the wall clock.
  virtual Duration until_room(Now now, uint32_t cost) = 0;

  uint64_t bound() const { return bound_; }
  virtual void set_bound(Now, uint64_t bound) { bound_ = bound; }
  uint64_t worst() const { return worst_; }
  Duration per() const { return per_; }

 protected:
  Meter(uint64_t bound, Duration per) : bound_(bound), per_(per) {}
  void saw(uint64_t held) { worst_ = std::max(worst_, held); }

 private:
  uint64_t bound_;
  Duration per_;
  uint64_t worst_ = 0;
};

// Any window of length `per`: (now - per, now].
class SlidingMeter : public Meter {
 public:
  SlidingMeter(uint64_t bound, Duration per) : Meter(bound, per) {}
  bool has_room(Now now, uint32_t cost) override;
  void count(Now now, uint32_t cost) override;
  Duration until_room(Now now, uint32_t cost) override;

 private:
  void forget(Instant now);
  std::deque<std::pair<Instant, uint32_t>> came_;
  uint64_t held_ = 0;
};

// Windows that begin at whole multiples of `per` by its own clock.
class FixedMeter : public Meter {
 public:
  FixedMeter(uint64_t bound, Duration per, Duration skew) : Meter(bound, per), skew_(skew) {}
  bool has_room(Now now, uint32_t cost) override;
  void count(Now now, uint32_t cost) override;
  Duration until_room(Now now, uint32_t cost) override;

 private:
  void turn(WallTime wall);
  Duration skew_;
  int64_t window_ = -1;
  uint64_t held_ = 0;
};

// A bucket of `burst` tokens, `bound` more every `per`. worst() is the most that was missing from a full bucket.
class BucketMeter : public Meter {
 public:
  BucketMeter(uint64_t bound, Duration per, uint64_t burst) : Meter(bound, per), burst_(burst) {}
  bool has_room(Now now, uint32_t cost) override;
  void count(Now now, uint32_t cost) override;
  Duration until_room(Now now, uint32_t cost) override;
  void set_bound(Now now, uint64_t bound) override;
  uint64_t burst() const { return burst_; }

 private:
  double missing(Instant now) const;
  uint64_t burst_;
  double missing_ = 0;
  Instant at_{};
};

// Days of a zone (IANA name), by its own clock. bound() is a day's.
class DayMeter : public Meter {
 public:
  DayMeter(uint64_t bound, const std::string& zone, Duration skew);
  ~DayMeter() override;
  bool has_room(Now now, uint32_t cost) override;
  void count(Now now, uint32_t cost) override;
  Duration until_room(Now now, uint32_t cost) override;

 private:
  struct Zone;
  void turn(WallTime wall);
  std::unique_ptr<Zone> zone_;
  Duration skew_;
  WallTime begins_{}, ends_{};  // of the day it is counting, by its clock
  uint64_t held_ = 0;
};

}  // namespace forebay::sim
