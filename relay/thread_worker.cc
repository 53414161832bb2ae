#include "relay/thread_worker.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace forebay {
namespace {

// Signals are the loop thread's business: a worker's thread is started with all of them blocked.
std::thread start_without_signals(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

ThreadWorker::ThreadWorker(const std::string& name) {
  sem_init(&posted_, 0, 0);
  thread_ = start_without_signals([this] { run(); });
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

ThreadWorker::~ThreadWorker() {
  sem_post(&posted_);
  thread_.join();
  sem_destroy(&posted_);
}

void ThreadWorker::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  sem_post(&posted_);
}

void ThreadWorker::run() {
  while (true) {
    while (sem_wait(&posted_) != 0) {  // interrupted
    }
    std::unique_lock lock(mutex_);
    if (tasks_.empty()) return;  // woken once more than there were tasks: it ends
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }
}

}  // namespace forebay
