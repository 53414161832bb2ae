// Keeper: keeps the spends of a process as the journal does: a record covers what is sent until a later one is synced.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "world.h"

namespace forebay {

// The disk, as a sink's records see it: one is synced, a later one may be on its way.
struct Disk {
  struct Record {
    std::string bytes;
    uint64_t covers = 0;
    int64_t synced_at = 0;
  };
  std::optional<Record> synced, written;

  // What the next process finds. kill -9 keeps what was written; a power cut may lose it.
  std::string found(bool lost) const { return written && !lost ? written->bytes : synced ? synced->bytes : ""; }
};

// A process that keeps to the protocol of records, between its start and its end.
class Keeper {
 public:
  Keeper(World& world, Disk& disk, Duration sync) : world_(world), disk_(disk), sync_(sync) {
    world_.limits().cover(0);
    save();
  }

  void run_for(Duration time) {
    for (const int64_t end = steady() + time.ns; steady() < end;) {
      world_.run_for(Duration{std::min<int64_t>(5'000'000, end - steady())});
      if (disk_.written && disk_.written->synced_at <= steady()) {
        world_.limits().cover(disk_.written->covers);
        disk_.synced = std::exchange(disk_.written, std::nullopt);
      }
      const uint64_t since = world_.limits().taken() - saved_;
      const bool full = since >= std::max<uint64_t>(world_.limits().ahead() / 2, 1);
      const bool grown = world_.limits().ahead() > ahead_;
      if (!disk_.written && grown) save();
      if (!disk_.written && since > 0 && (full || steady() - saved_at_ >= Duration::seconds(1).ns)) save();
    }
  }

 private:
  int64_t steady() const { return world_.now().steady.ns; }
  void save() {
    LimitSet& limits = world_.limits();
    saved_ = limits.taken(), saved_at_ = steady(), ahead_ = limits.ahead();
    const int64_t synced = steady() + static_cast<int64_t>(world_.random().below(static_cast<uint64_t>(sync_.ns) + 1));
    disk_.written = {limits.save(world_.now(), limits.ahead()), limits.taken() + limits.ahead(), synced};
  }

  World& world_;
  Disk& disk_;
  const Duration sync_;
  uint64_t saved_ = 0;
  uint64_t ahead_ = 0;
  int64_t saved_at_ = 0;
};

inline void restore_unclean(World& world, const std::string& found, Duration grace) {
  if (found.empty()) return world.limits().restore_unrecorded(world.now(), grace);
  ASSERT_TRUE(world.limits().restore(found, world.now(), false, grace));
}

}  // namespace forebay
