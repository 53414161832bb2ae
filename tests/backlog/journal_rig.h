// JournalRig: a journal on a disk in memory, its workers stepped by hand, so that everything it does on three
// threads runs on one, in whatever order a test wants.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "backlog/journal.h"

namespace forebay {

// A directory in memory. The hooks see every call first and may turn it into an error.
class MemoryFiles : public Files {
 public:
  using Bytes = std::vector<std::byte>;
  struct Node {
    Bytes bytes;
  };
  std::map<std::string, std::shared_ptr<Node>, std::less<>> nodes;
  std::function<int(const std::string& name, uint64_t offset, size_t bytes)> on_write;
  std::function<int(const std::string& name)> on_sync;
  std::function<int(const std::string& name)> on_read;
  std::function<int(const std::string& name, uint64_t bytes)> on_allocate;
  uint64_t capacity = UINT64_MAX;  // of all files together: ENOSPC beyond
  uint64_t syncs = 0, reads = 0, writes = 0;
  std::shared_ptr<bool> locked = std::make_shared<bool>(false);

  int open(std::string_view name, Mode mode, std::unique_ptr<File>* file) override;
  int rename(std::string_view from, std::string_view to) override;
  int remove(std::string_view name) override;
  int list(std::vector<std::string>* names) override;
  int sync_directory() override { return on_sync ? on_sync("") : 0; }
  int lock(std::string_view name) override;
  int free_bytes(uint64_t* bytes) override { return *bytes = 1ull << 40, 0; }
  std::string where() const override { return "memory"; }

  // What a crash leaves: the same bytes under another lock.
  MemoryFiles copy() const;
  uint64_t total_bytes() const;
  int grow(Node& node, uint64_t bytes);
  Bytes& bytes(const std::string& name) { return nodes.at(name)->bytes; }
};

class StepWorker : public Worker {
 public:
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  bool step() {
    if (tasks.empty()) return false;
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
    return true;
  }
  std::deque<std::function<void()>> tasks;
};

class FakeClock : public Clock {
 public:
  Now now() override { return {time, WallTime::from_ms(1'700'000'000'000 + time.ns / 1'000'000)}; }
  Instant time{1'000'000'000};
};

class Rig : public BacklogListener {
 public:
  explicit Rig(MemoryFiles& disk) : files(disk) {
    options.segment_bytes = 64 * 1024;
    options.checkpoint_bytes = 256 * 1024;
    options.max_bytes = 64ull << 20;
    options.window_bytes = 256 * 1024;
    options.new_store_id = 77;
    options.new_id_key.fill(5);
  }

  int open();  // fills `recovered` and `error`
  void open_or_fail() { ASSERT_EQ(open(), 0) << error; }
  void run_all();  // until nobody has anything to do
  bool step_random(std::mt19937_64& random);

  // Appends one message, returns its sequence.
  Sequence append(const std::string& body, QueueId queue = 1, MessageFacts facts = {});
  uint64_t commit();                     // flush and run everything; the batch
  void rest();                           // commits, also what nobody waits for
  std::string fetch(Sequence sequence);  // the body, or "errno N"

  void on_committed(uint64_t batch, int messages_error) override { committed.emplace_back(batch, messages_error); }
  void on_broken(const std::string& what) override { broken.push_back(what); }
  void on_synced(Duration, uint32_t messages) override { synced.push_back(messages); }

  MemoryFiles& files;
  StepWorker commit_worker, helper, reader, loop;
  FakeClock clock;
  JournalOptions options;
  std::vector<RecoveredMessage> recovered;
  std::string error;
  std::vector<std::pair<uint64_t, int>> committed;
  std::vector<std::string> broken;
  std::vector<uint32_t> synced;
  std::unique_ptr<Journal> journal;
};

}  // namespace forebay
