// Worker: runs tasks, one at a time, in the order posted. Mailbox: the way back to the loop thread.
// The real ones are a thread and a uv_async; tests use queues that run a task when told to, so that everything
// the journal does on three threads can be replayed step by step on one.
#pragma once

#include <functional>

namespace forebay {

class Worker {
 public:
  virtual ~Worker() = default;
  virtual void post(std::function<void()> task) = 0;  // from any thread
};

using Mailbox = Worker;  // its tasks run on the loop thread

}  // namespace forebay
