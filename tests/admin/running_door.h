// An AdminDoor on a free port, its loop on a thread of its own.
#pragma once

#include <ctime>
#include <memory>
#include <type_traits>
#include <utility>

#include "doors/admin/admin_door.h"
#include "tests/admin/dashboard.h"
#include "tests/doors/server_fixture.h"

namespace forebay {

class RunningDoor {
 public:
  RunningDoor(AdminView& view, MetricsText text, std::vector<AuthToken> tokens = {}) : gate_(tokens) {
    on_loop([&] {
      DoorConfig config;
      config.type = DoorConfig::Type::admin;
      door_ = std::make_unique<AdminDoor>(thread_.loop(), config, view, gate_, std::move(text));
      return door_->listen();
    });
  }
  ~RunningDoor() {
    on_loop([this] {
      door_->close();
      return 0;
    });
  }

  uint16_t port() const { return door_->port(); }

  // Processor time that the loop's thread has spent.
  double loop_cpu_ms() {
    return on_loop([] {
      timespec spent{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
      return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) / 1e6;
    });
  }

  template <typename Task>
  std::invoke_result_t<Task> on_loop(Task task) {
    std::invoke_result_t<Task> result{};
    thread_.run_on_loop([&] { result = task(); });
    return result;
  }

 private:
  Gate gate_;
  std::unique_ptr<AdminDoor> door_;
  testing::LoopThread thread_;  // goes first: it runs the loop until every handle is closed
};

}  // namespace forebay
