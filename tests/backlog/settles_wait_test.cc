// Settles that nobody waits for: written at once, synced a little later, with whatever is synced then.
#include <gtest/gtest.h>

#include "backlog/segment.h"
#include "journal_rig.h"

namespace forebay {
namespace {

using Reports = std::vector<std::pair<uint64_t, int>>;

// A journal with ten messages, all reported, on a disk that counts the syncs of segments.
struct World {
  MemoryFiles disk;
  Rig rig{disk};
  std::vector<Sequence> sequences;
  int syncs = 0;

  World() {
    rig.open_or_fail();
    for (int i = 0; i < 10; ++i) sequences.push_back(rig.append("message " + std::to_string(i)));
    rig.commit();
    rig.committed.clear();
    disk.on_sync = [this](const std::string& name) { return syncs += name.ends_with(".segment"), 0; };
  }
  Instant settle(size_t which, Settlement how = Settlement::delivered) {
    rig.journal->settle(sequences[which], how);
    const Instant next = rig.journal->flush();
    rig.run_all();
    return next;
  }
  size_t waiting_after_a_kill() {
    MemoryFiles left = disk.copy();
    Rig again(left);
    again.open_or_fail();
    return again.recovered.size();
  }
};

TEST(SettlesWait, TheyAreWrittenAtOnceAndSyncedWhenTheWaitIsOver) {
  World world;
  const Instant begun = world.rig.clock.time;
  EXPECT_EQ(world.settle(0), begun + settles_wait) << "when the journal must be called again";
  EXPECT_EQ(world.waiting_after_a_kill(), 9u) << "kill -9 takes nothing back";
  world.rig.clock.time = begun + settles_wait - Duration::nanoseconds(1);
  EXPECT_EQ(world.settle(1), begun + settles_wait) << "the first one's wait counts";
  EXPECT_EQ(world.syncs, 0);
  EXPECT_TRUE(world.rig.committed.empty()) << "nothing is reported before it is synced";
  world.rig.clock.time = begun + settles_wait;
  EXPECT_EQ(world.rig.journal->flush(), Instant::never());
  world.rig.run_all();
  EXPECT_EQ(world.syncs, 1) << "one sync for both";
  EXPECT_EQ(world.rig.committed, (Reports{{2, 0}, {3, 0}}));
}

TEST(SettlesWait, AnAcceptTakesThemAlong) {
  World world;
  world.settle(0);
  world.rig.append("new");
  EXPECT_EQ(world.rig.journal->flush(), Instant::never()) << "nothing waits any more";
  world.rig.run_all();
  EXPECT_EQ(world.syncs, 1);
  EXPECT_EQ(world.rig.committed, (Reports{{2, 0}, {3, 0}}));
}

// Somebody waits for these: they are synced at once.
TEST(SettlesWait, CancelsPurgesAndOtherChangesDoNotWait) {
  const auto urgent = [](const std::function<void(Journal&, Sequence)>& change) {
    World world;
    change(*world.rig.journal, world.sequences[0]);
    world.rig.commit();
    return world.syncs == 1 && world.rig.committed == Reports{{2, 0}};
  };
  EXPECT_TRUE(urgent([](Journal& j, Sequence s) { j.settle(s, Settlement::cancelled); }));
  EXPECT_TRUE(urgent([](Journal& j, Sequence s) { j.settle(s, Settlement::purged); }));
  EXPECT_TRUE(urgent([](Journal& j, Sequence s) { j.retry(s, 1'800'000'000'000, 1); }));
  EXPECT_TRUE(urgent([](Journal& j, Sequence s) { j.dead({.sequence = s, .queue = 1}); }));
  EXPECT_TRUE(urgent([](Journal& j, Sequence) { j.note("pause", "on"); }));
}

TEST(SettlesWait, AStopSyncsThem) {
  World world;
  world.settle(0);
  world.rig.journal->close();
  world.rig.run_all();
  EXPECT_GE(world.syncs, 1);
  EXPECT_EQ(world.rig.committed, (Reports{{2, 0}}));
}

// What the disk gets is pages. Delivered a few at a time, messages cost little more than their own bytes, and twice
// that while segments are zero-filled.
TEST(SettlesWait, SettlesOfAFewAtATimeDoNotCostAPageEach) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.segment_bytes = 1 << 20;
  rig.options.checkpoint_bytes = 16 << 20;  // what a pass takes is kept and used again
  rig.open_or_fail();
  constexpr int messages = 60'000;
  const auto pass = [&] {
    const uint64_t before = rig.journal->figures().page_bytes_written;
    std::vector<Sequence> all;
    for (int i = 0; i < messages; ++i) {
      all.push_back(rig.append(std::string(296, 'x')));  // and 4 of meta
      if (i % 256 == 255) rig.commit();
    }
    for (int i = 0; i < messages; ++i) {  // 12,000 a second, eight a turn
      rig.journal->settle(all[i], Settlement::delivered);
      if (i % 8 != 7) continue;
      rig.clock.time = rig.clock.time + Duration::microseconds(8 * 1'000'000 / 12'000);
      rig.commit();
    }
    rig.rest();
    return static_cast<double>(rig.journal->figures().page_bytes_written - before) / (messages * 300.0);
  };
  const double growing = pass();
  pass();
  const double recycled = pass();
  RecordProperty("page_bytes_growing", std::to_string(growing));
  RecordProperty("page_bytes_recycled", std::to_string(recycled));
  std::printf("page bytes written per payload: %.2f growing, %.2f recycled\n", growing, recycled);
  EXPECT_LE(growing, 2.5);
  EXPECT_LE(recycled, 1.4);
  EXPECT_GT(recycled, 1.0);
}

}  // namespace
}  // namespace forebay
