#include "sim/step_worker.h"

#include <utility>

namespace forebay {

bool StepWorker::step() {
  if (!can_step()) return false;
  auto task = std::move(tasks_.front());
  tasks_.pop_front();
  running_ = true;
  task();
  running_ = false;
  return true;
}

uint64_t StepWorker::run_all() {
  uint64_t steps = 0;
  while (step()) ++steps;
  return steps;
}

StepWorker& StepScheduler::add(std::string name) {
  workers_.push_back(std::make_unique<StepWorker>(std::move(name)));
  return *workers_.back();
}

bool StepScheduler::step() {
  std::vector<StepWorker*> able;
  for (auto& worker : workers_) {
    if (worker->can_step()) able.push_back(worker.get());
  }
  if (able.empty()) return false;
  StepWorker* chosen = able[random_() % able.size()];
  history_.push_back(chosen);
  return chosen->step();
}

uint64_t StepScheduler::run_all() {
  uint64_t steps = 0;
  while (step()) ++steps;
  return steps;
}

void StepScheduler::forget_all() {
  for (auto& worker : workers_) worker->forget_all();
}

}  // namespace forebay
