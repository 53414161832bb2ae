// UnreliableDisk: a faulty disk below a real process. A library preloaded into it delays or fails what it
// does to the files of one directory, as told here, at any moment of its life. The bytes that are let through
// are real ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/disk_orders.h"
#include "tests/support/process.h"

namespace forebay::testing {

class UnreliableDisk {
 public:
  // Concerns what is in `directory`, an absolute path without links in it, which need not exist yet.
  explicit UnreliableDisk(const std::string& directory);
  ~UnreliableDisk();
  UnreliableDisk(const UnreliableDisk&) = delete;
  UnreliableDisk& operator=(const UnreliableDisk&) = delete;

  // What the process must be started with.
  Process::Environment environment() const;

  // Errors are errno values, 0: none.
  void fail_writes(int error) { orders_->write_error = error; }
  // As a full disk does: what overwrites goes on, what needs space does not.
  void fail_growth(int error) { orders_->growth_error = error; }
  void fail_syncs(int error) { orders_->sync_error = error; }
  void fail_opening_to_write(int error) { orders_->open_error = error; }
  void syncs_take(std::chrono::milliseconds time) { orders_->sync_ms = static_cast<int32_t>(time.count()); }

  uint32_t syncs_begun() const { return orders_->syncs_begun; }
  uint32_t syncs_ended() const { return orders_->syncs_ended; }
  uint32_t refusals() const { return orders_->refusals; }

 private:
  TempDir place_;
  std::string path_;
  DiskOrders* orders_;
};

}  // namespace forebay::testing
