// FaultyDisk: a disk in memory that keeps the promise of backlog/files.h to the letter and no further, and
// breaks down where it is told to.
//
// It hands out Files objects, each standing for one process that has the directory open. Two ends of a process:
//   kill()        the process is gone: its handles return EIO, the disk keeps all that was written
//   cut, reopen() the power is gone as well: what was not synced is forgotten as Forget says
// Files and File objects from before the end return EIO for ever; they may outlive the disk's use of them.
// Everything drawn at random comes from the seed given. Threads: all calls may come from any thread; the delay
// hook runs on the thread of the delayed call, outside the disk's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backlog/files.h"
#include "sim/fault_plan.h"
#include "sim/medium.h"

namespace forebay {

class FaultyDisk {
 public:
  explicit FaultyDisk(uint64_t seed);
  FaultyDisk(const Medium& medium, uint64_t seed);  // a copy of that medium, all of it as durable as it is there
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  std::unique_ptr<Files> files();

  // -- what goes wrong --
  void plan(Fault fault);   // where several cover an operation, the first planned wins
  void lift();              // forgets the plan
  void on_delay(std::function<void(uint64_t operation)> hook);
  void set_capacity(uint64_t bytes);  // of all files together; ENOSPC beyond
  void set_read_only(bool read_only);  // EROFS for everything but syncs
  void set_ignore_syncs(bool ignore);  // a disk that lies: syncs return ok and save nothing
  // Damages what is stored; false: no such byte. `mask` says which bits are flipped.
  bool corrupt(std::string_view name, uint64_t offset, uint8_t mask);

  // -- the end of a process --
  void kill();
  void cut();               // now, as a planned cut does: every call fails with EIO until reopen()
  bool is_cut() const;
  void reopen(Forget forget);  // power comes back (cut first, if it was on); the plan is lifted

  // -- what happened --
  uint64_t operations() const;  // how many there were, the cut and failed ones included
  bool fault_happened() const;  // some fault of the plan took effect since it was planned
  std::string log(uint64_t around, uint64_t context = 12) const;  // lines near that operation
  Medium medium() const;        // a copy

 private:
  class State;
  class Handle;
  class Directory;
  std::shared_ptr<State> state_;
};

}  // namespace forebay
