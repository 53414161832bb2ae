// DiskOrders: what a test tells the disk below a running process, and what the disk tells back. A file of
// this layout is mapped by both: by the test (unreliable_disk.h) and, inside the process, by the preloaded
// library (unreliable_disk_preload.cc). Orders hold from the next call on.
#pragma once

#include <atomic>
#include <cstdint>

namespace forebay::testing {

struct DiskOrders {
  char directory[512];                // only files in it or below are concerned; written before the process starts
  std::atomic<int32_t> write_error;   // errno of every write; 0: none
  std::atomic<int32_t> growth_error;  // errno of every write or reservation beyond a file's end, and of new files
  std::atomic<int32_t> sync_error;    // errno of every sync, after its time
  std::atomic<int32_t> open_error;    // errno of every opening to write, and of new directories
  std::atomic<int32_t> sync_ms;       // what a sync takes; shortened, it ends at once
  std::atomic<uint32_t> syncs_begun;
  std::atomic<uint32_t> syncs_ended;
  std::atomic<uint32_t> refusals;  // calls that got one of the errors above
};
static_assert(std::atomic<int32_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

// The environment variable that names the file.
inline constexpr const char* disk_orders_variable = "FOREBAY_TEST_DISK_ORDERS";

}  // namespace forebay::testing
