#pragma once
// stand-in
#include <string>
#include <vector>
#include "config/config.h"
#include "limiter/limit.h"
namespace forebay {
class LimitSet {
 public:
  LimitSet(const SinkConfig& c, Now) : n_(c.concurrency) {}
  struct View { std::string name; uint64_t effective; double utilization; };
  struct Blocking { std::string name; Instant until; };
  Instant next(Now now, uint32_t) const { return used_ < n_ ? now.steady : Instant::never(); }
  Blocking blocking(Now now, uint32_t c) const { return {"concurrency", next(now, c)}; }
  void take(Now, uint32_t) { ++used_; }
  void settle(Taken, Now, SettledAs) { --used_; }
  double rate_per_second() const { return 1e300 * 1e300; }
  Instant estimate(Now now, uint64_t) const { return now.steady; }
  std::vector<View> views(Now) const { return {}; }
  bool has_long_window() const { return false; }
  std::string save(Now) const { return ""; }
  bool restore(const std::string&, Now, bool, Duration) { return true; }
 private:
  uint64_t n_, used_ = 0;
};
}
