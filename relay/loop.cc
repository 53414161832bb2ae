#include "relay/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace forebay {

Loop::Loop(uv_loop_t* uv, Clock& clock, std::function<Instant()> turn)
    : uv_(uv), clock_(clock), turn_(std::move(turn)) {}

Loop::~Loop() {
  assert(timer_ < 0);
}

int Loop::start() {
  timer_ = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer_ < 0) return errno;
  uv_check_init(uv_, &check_);
  check_.data = this;
  uv_check_start(&check_, [](uv_check_t* handle) { static_cast<Loop*>(handle->data)->after_events(); });
  uv_poll_init(uv_, &poll_, timer_);
  poll_.data = this;
  uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto* loop = static_cast<Loop*>(handle->data);
    uint64_t expirations = 0;
    loop->fired_ |= read(loop->timer_, &expirations, sizeof expirations) == sizeof expirations;
  });
  arm(clock_.now().steady, clock_.now());
  return 0;
}

void Loop::stop() {
  if (timer_ < 0) return;
  uv_check_stop(&check_);
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&check_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
  close(std::exchange(timer_, -1));
}

void Loop::after_events() {
  if (std::exchange(fired_, false)) {
    if (on_lag && !armed_.is_never()) on_lag(std::max(clock_.now().steady - armed_, Duration{}));
    armed_ = Instant::never();
  }
  const Instant next = turn_();
  if (next != armed_) arm(next, clock_.now());
}

// By a span, not by a moment: the steady clock this process sees need not be the kernel's (a faked clock in a test).
void Loop::arm(Instant at, Now now) {
  armed_ = at;
  itimerspec spec{};
  if (!at.is_never()) {
    const int64_t ns = std::max<int64_t>((at - now.steady).ns, 1);
    spec.it_value.tv_sec = ns / 1'000'000'000;
    spec.it_value.tv_nsec = ns % 1'000'000'000;
  }
  timerfd_settime(timer_, 0, &spec, nullptr);
}

}  // namespace forebay
