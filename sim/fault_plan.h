// FaultPlan: what goes wrong at which operation of a FaultyDisk.
//
// Operations are the calls that change the disk, numbered from 1 in the order they reach it. Reads are none.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

enum class DiskCall : uint8_t { write, sync, create, allocate, truncate, rename, remove, sync_directory };

std::string_view name_of(DiskCall call);

// A set of calls, for faults that concern some only.
using DiskCalls = uint32_t;
constexpr DiskCalls only(DiskCall call) { return 1u << static_cast<unsigned>(call); }
inline constexpr DiskCalls kEveryCall = ~0u;
// What a full disk refuses; syncs, removals and renames go on.
inline constexpr DiskCalls kCallsThatNeedSpace =
    only(DiskCall::write) | only(DiskCall::create) | only(DiskCall::allocate);

struct Fault {
  enum class Kind : uint8_t {
    fail,         // nothing is done; `error` is returned
    short_write,  // a write does its first sectors only and returns `error`; other calls fail
    torn_write,   // a write does some of its sectors, drawn, and returns `error`; other calls fail
    delay,        // done, but first the disk's delay hook is run
    lose_sync,    // a sync returns `error` and what it should have saved is dropped; other calls fail
    cut,          // power is cut before it
  };
  Kind kind = Kind::fail;
  uint64_t at = 0;     // the operation it begins with
  uint64_t until = 0;  // the operation it ends before; 0: at + 1, once
  int error = EIO;
  DiskCalls calls = kEveryCall;
  bool covers(uint64_t operation, DiskCall call) const;
};

inline constexpr uint64_t kUntilLifted = ~0ull;

std::string_view name_of(Fault::Kind kind);
std::string describe(const Fault& fault);

// One line of a disk's log.
struct DiskOperation {
  uint64_t number = 0;
  DiskCall call = DiskCall::write;
  std::string name;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  int error = 0;
  std::string fault;  // what was planned for it; empty: nothing
};

}  // namespace forebay
