// WindowLimit: at most N arrivals *at the downstream* in any window of length W, wherever it is laid.
//
// N permits; a send takes `cost` of them before it leaves; they come home W·(1 + 200 ppm) after the settle,
// less the return margin (see permits.h for when exactly, return_margin.h for why it is safe). The 200 ppm
// are for a downstream whose clock runs slower than ours.
//
// Never exceeded as long as the downstream counts nothing later than the grace after its connection closed;
// with `strict` no margin is taken, and no change of the way there can matter either.
// Under saturation the share of N that is used is W / (W + E[round trip − g]).
#pragma once

#include <string>

#include "config/config.h"
#include "limiter/limit.h"
#include "limiter/permits.h"
#include "limiter/return_margin.h"

namespace forebay {

class WindowLimit final : public Limit {
 public:
  // `margin` is the sink's, outlives this, and is not looked at under `strict`. `default_grace`: the sink's
  // timeout, for a config without unanswered_grace.
  WindowLimit(const LimitConfig& config, Duration default_grace, const ReturnMargin& margin);

  const std::string& name() const override { return name_; }
  Instant next(Now now, uint32_t cost) const override { return permits_.next(now.steady, cost); }
  void take(Now now, uint32_t cost) override { permits_.take(now.steady, cost); }
  void settle(Taken taken, Now now, SettledAs how) override;
  uint64_t effective() const override { return permits_.count(); }
  double utilization(Now now) const override;
  double rate_per_second() const override;

  Instant estimate(Now now, uint64_t k) const { return permits_.estimate(now.steady, k); }
  Duration per() const { return per_; }
  Duration grace() const { return grace_; }
  Permits& permits() { return permits_; }
  const Permits& permits() const { return permits_; }

  // Permits out and held stay as they are. A lower N is reached as they come home; a higher one frees at
  // once.
  void reconfigure(const LimitConfig& config, Duration default_grace, const ReturnMargin& margin);

  // W and the clock allowance.
  static Duration hold_of(Duration per) { return per + Duration{(per.ns + 4999) / 5000}; }

 private:
  std::string name_;
  Duration per_;
  Duration grace_;
  Permits permits_;
};

}  // namespace forebay
