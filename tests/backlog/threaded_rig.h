// ThreadedRig: a journal as it runs in earnest: real files, three worker threads, the calling thread as the
// loop.
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>

#include "backlog/journal.h"
#include "backlog/posix_files.h"
#include "relay/thread_worker.h"

namespace forebay {

class LoopQueue : public Worker {
 public:
  void post(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  // Runs what has come; waits for something first, until then (of std::chrono::steady_clock) at most.
  void turn(Instant until) {
    std::deque<std::function<void()>> tasks;
    {
      std::unique_lock lock(mutex_);
      const auto came = [this] { return !tasks_.empty(); };
      if (until.is_never()) {
        changed_.wait(lock, came);
      } else {
        changed_.wait_until(lock, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(until.ns)), came);
      }
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks) task();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
};

class SteadyClock : public Clock {
 public:
  Now now() override {
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {{std::chrono::nanoseconds(steady).count()}, {std::chrono::nanoseconds(wall).count()}};
  }
};

// A directory that goes when this does.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string path = std::filesystem::temp_directory_path() / "forebay-journal-XXXXXX";
    path_ = mkdtemp(path.data()) ? path : "";
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ThreadedRig : public BacklogListener {
 public:
  explicit ThreadedRig(const std::string& path) {
    open_posix_files(path, &files);
    options.new_store_id = 7;
  }
  ~ThreadedRig() override { journal.reset(); }

  int open() {
    const JournalPorts ports{*files, commit_worker, helper, reader, loop, clock, *this};
    if (const int failed = Journal::open(ports, options, &journal, &error)) return failed;
    const auto count = [this](std::span<const RecoveredMessage> messages) { recovered_messages += messages.size(); };
    return journal->recover(count, &error);
  }
  // Flushes and waits until everything flushed is reported.
  void commit() {
    const uint64_t batch = journal->open_batch();
    Instant next = journal->flush();
    if (journal->open_batch() == batch) return;
    while (last_batch < batch && broken.empty()) {
      loop.turn(next);
      next = journal->flush();
    }
  }

  void on_committed(uint64_t batch, int messages_error) override {
    last_batch = batch;
    errors += messages_error != 0;
  }
  void on_broken(const std::string& what) override { broken = what; }
  void on_synced(Duration, uint32_t) override { ++syncs; }

  std::unique_ptr<Files> files;
  LoopQueue loop;
  SteadyClock clock;
  ThreadWorker commit_worker{"commit"}, helper{"helper"}, reader{"reader"};
  JournalOptions options;
  std::string error, broken;
  uint64_t last_batch = 0, errors = 0, syncs = 0, recovered_messages = 0;
  std::unique_ptr<Journal> journal;
};

}  // namespace forebay
