// ThreadWorker: a Worker on a thread of its own.
// Everything posted before destruction begins is run before destruction ends; tasks may post further tasks to
// their own worker, which are then run as well. Nothing may be posted from elsewhere once destruction has begun.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/worker.h"

namespace forebay {

class ThreadWorker : public Worker {
 public:
  // `name` is what ps and debuggers show: at most 15 characters are kept.
  explicit ThreadWorker(std::string name);
  ~ThreadWorker() override;
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  void post(std::function<void()> task) override;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts with everything above in place
};

}  // namespace forebay
