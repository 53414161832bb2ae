#include "backlog/task_line.h"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace forebay {

struct TaskLine::State {
  std::mutex mutex;
  std::condition_variable idle;
  std::deque<std::function<void()>> jobs;
  bool busy = false;
  bool stopped = false;

  // Runs the first job, if there is one and none is under way.
  void run_one() {
    std::unique_lock lock(mutex);
    if (busy || jobs.empty()) return;
    const auto job = std::move(jobs.front());
    jobs.pop_front();
    busy = true;
    lock.unlock();
    job();
    lock.lock();
    busy = false;
    idle.notify_all();
  }
};

TaskLine::TaskLine(Worker& worker) : worker_(worker), state_(std::make_shared<State>()) {}

void TaskLine::post(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) return;
    state_->jobs.push_back(std::move(job));
  }
  worker_.post([state = state_] { state->run_one(); });
}

void TaskLine::finish() {
  for (;;) {
    {
      std::unique_lock lock(state_->mutex);
      state_->idle.wait(lock, [this] { return !state_->busy; });
      if (state_->jobs.empty()) return;
    }
    state_->run_one();
  }
}

void TaskLine::stop() {
  std::unique_lock lock(state_->mutex);
  state_->stopped = true;
  state_->jobs.clear();
  state_->idle.wait(lock, [this] { return !state_->busy; });
}

struct Inbox::State {
  std::mutex mutex;
  std::deque<std::function<void()>> jobs;
  bool woken = false;
  bool stopped = false;
};

Inbox::Inbox(Mailbox& loop) : loop_(loop), state_(std::make_shared<State>()) {}

void Inbox::post(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) return;
    state_->jobs.push_back(std::move(job));
    if (state_->woken) return;
    state_->woken = true;
  }
  loop_.post([state = state_] { drain(*state); });
}

void Inbox::drain(State& state) {
  for (;;) {
    std::function<void()> job;
    {
      const std::lock_guard lock(state.mutex);
      state.woken = !state.jobs.empty() && !state.stopped;
      if (!state.woken) return;
      job = std::move(state.jobs.front());
      state.jobs.pop_front();
    }
    job();
  }
}

void Inbox::drain() {
  const auto state = state_;  // a job may end this object
  drain(*state);
}

void Inbox::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->jobs.clear();
}

}  // namespace forebay
