#include "relay/uv_mailbox.h"

#include <cassert>
#include <utility>

namespace forebay {

UvMailbox::UvMailbox(uv_loop_t* loop) {
  const int error =
      uv_async_init(loop, &async_, [](uv_async_t* handle) { static_cast<UvMailbox*>(handle->data)->run_posted(); });
  assert(error == 0);
  (void)error;
  async_.data = this;
}

UvMailbox::~UvMailbox() {
  assert(closed_);
}

void UvMailbox::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) uv_async_send(&async_);
}

void UvMailbox::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

void UvMailbox::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closed_, true)) return;
  tasks_.clear();
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
}

}  // namespace forebay
