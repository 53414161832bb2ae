// What a FaultyDisk and the handles it gave out share. Included by sim/faulty_disk*.cc only.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faulty_disk.h"

namespace forebay {

class FaultyDisk::State {
 public:
  explicit State(uint64_t seed) : random(seed) {}

  // What begin() decided about an operation.
  struct Verdict {
    uint64_t operation = 0;
    int error = 0;                      // not 0: fails with this, after what `kind` lets through
    Fault::Kind kind = Fault::Kind::fail;
  };

  // Numbers and logs an operation and looks up its fault. Runs the delay hook with `lock` released.
  Verdict begin(std::unique_lock<std::mutex>& lock, DiskCall call, std::string_view name, uint64_t offset,
                uint64_t bytes);
  void end(const Verdict& verdict, int error);
  // Of a process of that epoch: 0, or EIO when it has ended or the power is off.
  int alive(uint64_t of_epoch) const { return of_epoch == epoch && !power_off ? 0 : EIO; }
  bool space_for(uint64_t more_bytes) const;

  mutable std::mutex mutex;
  std::mt19937_64 random;
  Medium medium;
  std::vector<Fault> faults;
  std::function<void(uint64_t)> delay_hook;
  std::deque<DiskOperation> operations;
  bool fault_happened = false;
  bool power_off = false;
  bool read_only = false;
  bool ignore_syncs = false;
  uint64_t capacity = std::numeric_limits<uint64_t>::max();
  uint64_t epoch = 1;  // of processes: rises when one ends
  std::vector<std::pair<std::string, const void*>> locks;  // name, the Directory that holds it
};

}  // namespace forebay
