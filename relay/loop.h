// Loop: the libuv shell around the relay. Runs a turn after every round of events and wakes by timerfd when the relay
// next wants to run: libuv's own timers have a grain of a millisecond, and 300 sends a second need a finer one.
#pragma once

#include <uv.h>

#include <functional>

#include "base/clock.h"

namespace forebay {

class Loop {
 public:
  // `turn` does the work and returns when it next wants to run.
  Loop(uv_loop_t* uv, Clock& clock, std::function<Instant()> turn);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // 0, or an errno.
  int start();
  void stop();
  // How late the last wake-up by timer was; the loop lag.
  std::function<void(Duration)> on_lag;

 private:
  void after_events();
  void arm(Instant at, Now now);

  uv_loop_t* uv_;
  Clock& clock_;
  std::function<Instant()> turn_;
  uv_check_t check_{};
  uv_poll_t poll_{};
  int timer_ = -1;
  Instant armed_ = Instant::never();
  bool fired_ = false;
};

}  // namespace forebay
