// ThreadWorker: a Worker on a thread of its own.
// Everything posted before destruction begins is run before destruction ends; tasks may post further tasks to
// their own worker, which are then run as well. Nothing may be posted from elsewhere once destruction has
// begun.
#pragma once

#include <semaphore.h>

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
  explicit ThreadWorker(const std::string& name);
  ~ThreadWorker() override;
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  void post(std::function<void()> task) override;

 private:
  void run();

  std::mutex mutex_;
  // Counts the tasks. A condition variable would wake the thread into the mutex and cost two more system
  // calls a task.
  sem_t posted_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;  // last: it starts with everything above in place
};

}  // namespace forebay
