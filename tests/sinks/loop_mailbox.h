// LoopMailbox: a Mailbox for tests, whose tasks run on the loop it is made on.
#pragma once

#include <uv.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/worker.h"

namespace forebay {

class LoopMailbox : public Mailbox {
 public:
  explicit LoopMailbox(uv_loop_t* loop) : wake_(new uv_async_t) {
    uv_async_init(loop, wake_, [](uv_async_t* wake) { static_cast<LoopMailbox*>(wake->data)->run(); });
    wake_->data = this;
  }
  // On the loop's thread, when nobody posts any more. What is left is dropped.
  ~LoopMailbox() override {
    uv_close(reinterpret_cast<uv_handle_t*>(wake_),
             [](uv_handle_t* wake) { delete reinterpret_cast<uv_async_t*>(wake); });
  }
  LoopMailbox(const LoopMailbox&) = delete;
  LoopMailbox& operator=(const LoopMailbox&) = delete;

  void post(std::function<void()> task) override {
    {
      std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    uv_async_send(wake_);
  }

 private:
  void run() {
    std::vector<std::function<void()>> tasks;
    {
      std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks) task();
  }

  uv_async_t* wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
};

}  // namespace forebay
