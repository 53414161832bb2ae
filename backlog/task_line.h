// TaskLine: jobs for one worker, in order, that can be waited for and called off. Inbox: jobs for the loop
// thread. Both outlive themselves gracefully: what a worker runs after they have gone does nothing.
#pragma once

#include <functional>
#include <memory>

#include "base/worker.h"

namespace forebay {

class TaskLine {
 public:
  explicit TaskLine(Worker& worker);
  ~TaskLine() { stop(); }
  void post(std::function<void()> job);  // from any thread
  // Waits for the job under way, then runs those queued (and those they post) here and now.
  void finish();
  // Waits for the job under way and drops the others; nothing posted later runs.
  void stop();

 private:
  struct State;
  Worker& worker_;
  std::shared_ptr<State> state_;
};

class Inbox {
 public:
  explicit Inbox(Mailbox& loop);
  ~Inbox() { stop(); }
  void post(std::function<void()> job);  // from any thread
  void drain();                          // loop thread: runs what has come
  void stop();                           // loop thread: nothing runs any more

 private:
  struct State;
  static void drain(State& state);
  Mailbox& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace forebay
