// UvMailbox: the way from the journal's threads back to the loop, a locked list and one uv_async.
// Tasks run on the loop thread in the order posted. close() before the loop ends; posts after it are dropped.
#pragma once

#include <uv.h>

#include <mutex>
#include <vector>

#include "base/worker.h"

namespace forebay {

class UvMailbox : public Worker {
 public:
  explicit UvMailbox(uv_loop_t* loop);
  ~UvMailbox() override;
  UvMailbox(const UvMailbox&) = delete;
  UvMailbox& operator=(const UvMailbox&) = delete;

  void post(std::function<void()> task) override;
  // Runs what is there now; for the shut-down, when the loop no longer turns.
  void run_posted();
  void close();

 private:
  uv_async_t async_{};
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool closed_ = false;
};

}  // namespace forebay
