// StepWorker: a Worker (or Mailbox) whose tasks run when told, one at a time, in the order posted.
// StepScheduler: several of them, stepped in an order drawn from a seed, so that what happens on three
// threads happens on one, in a random order that comes again with the same seed.
//
// Single-threaded. A task may post to any worker and may step other workers (as while it waits for a slow
// disk), never its own: a worker runs one task at a time, so step() of a running worker does nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/worker.h"

namespace forebay {

class StepWorker : public Worker {
 public:
  explicit StepWorker(std::string name = "worker") : name_(std::move(name)) {}
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

  bool can_step() const { return !busy() && !tasks_.empty(); }
  // Busy: a task is running, or somebody else does what is this worker's thread's business (hold).
  bool busy() const { return running_ || held_; }
  void hold(bool held) { held_ = held; }
  bool step();                           // runs the oldest task; false: there was none, or one is running
  uint64_t run_all();                    // steps until nothing is left, tasks posted meanwhile included; how many
  void forget_all() { tasks_.clear(); }  // the process died: what was posted never happens
  size_t waiting() const { return tasks_.size(); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::deque<std::function<void()>> tasks_;
  bool running_ = false;
  bool held_ = false;
};

class StepScheduler {
 public:
  explicit StepScheduler(uint64_t seed) : random_(seed) {}
  StepWorker& add(std::string name);

  bool step();         // one step of a worker drawn among those that have something to do
  uint64_t run_all();  // until none has; how many steps
  void forget_all();
  // The names of the workers stepped, in order: what tells two runs apart.
  const std::vector<const StepWorker*>& history() const { return history_; }

 private:
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<StepWorker>> workers_;
  std::vector<const StepWorker*> history_;
};

}  // namespace forebay
