// A journal that can do nothing comes to rest, and finds out by itself when it can again: nobody needs to publish, and
// it calls for the loop no more often than once a second.
#include <gtest/gtest.h>

#include "journal_rig.h"

namespace forebay {
namespace {

constexpr uint64_t segment = 64 * 1024;

bool is_segment(const std::string& name) {
  return name.ends_with(".segment");
}

// Somebody else has filled the disk: no file grows, nothing more is written.
void fill_disk(MemoryFiles& disk) {
  disk.on_allocate = [](const std::string&, uint64_t) { return ENOSPC; };
  disk.on_write = [](const std::string& name, uint64_t, size_t) { return is_segment(name) ? ENOSPC : 0; };
}

void heal(MemoryFiles& disk) {
  disk.on_write = nullptr;
  disk.on_allocate = nullptr;
}

// What the loop does when nobody asks for anything: it sleeps until the journal wants to be called. How often that was
// within `span`.
int sleep_through(Rig& rig, Duration span) {
  const Instant end = rig.clock.time + span;
  int turns = 0;
  for (; turns < 10'000; ++turns) {
    const Instant next = rig.journal->flush();
    while (rig.loop.tasks.empty() && (rig.commit_worker.step() || rig.helper.step() || rig.reader.step())) {
    }
    if (rig.loop.step()) continue;  // what comes back is a reason for another turn
    if (next > end) break;
    if (next <= rig.clock.time) return 10'000;  // it would not sleep at all
    rig.clock.time = next;
  }
  rig.clock.time = end;
  return turns;
}

std::vector<Sequence> append_until_full(Rig& rig) {
  std::vector<Sequence> all;
  while (all.size() < 20'000 && rig.journal->room(304) == 0) {
    all.push_back(rig.append(std::string(300, 'x')));
    if (all.size() % 20 == 0) rig.commit();
  }
  rig.commit();
  return all;
}

TEST(JournalRest, CompactionDoesNotReadAgainAndAgainOnAFullDisk) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.max_bytes = 16 * segment;
  rig.options.checkpoint_bytes = 4 * segment;
  rig.open_or_fail();
  for (const Sequence sequence : append_until_full(rig)) {
    if (sequence % 8 == 0) rig.journal->settle(sequence, Settlement::delivered);
  }
  fill_disk(disk);
  const auto turns = [&](int count) {
    for (int i = 0; i < count; ++i) {
      rig.clock.time = rig.clock.time + Duration::milliseconds(1);
      rig.commit();
    }
  };
  turns(200);
  const uint64_t before = disk.reads;
  turns(1000);
  EXPECT_LT(disk.reads - before, 100u) << "reads in one second of turns";
}

TEST(JournalRest, AnIdleJournalThatIsFullLetsTheLoopSleep) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.max_bytes = 16 * segment;
  rig.options.checkpoint_bytes = 2 * segment;
  rig.open_or_fail();
  append_until_full(rig);
  EXPECT_LT(sleep_through(rig, Duration::seconds(10)), 100) << "turns of a loop nobody asked for anything";
}

TEST(JournalRest, RefusingEndsByItselfWithoutAnybodyTrying) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  rig.run_all();
  fill_disk(disk);
  rig.append("refused");
  rig.commit();
  ASSERT_TRUE(rig.journal->figures().refusing);
  const int turns = sleep_through(rig, Duration::seconds(60));
  EXPECT_GE(turns, 60);
  EXPECT_LE(turns, 60 * 6) << "a few turns a second, for what comes back";
  EXPECT_TRUE(rig.journal->figures().refusing);
  heal(disk);
  sleep_through(rig, Duration::seconds(2));
  EXPECT_FALSE(rig.journal->figures().refusing) << "the disk is well again";
  EXPECT_EQ(rig.journal->room(10), 0);
  sleep_through(rig, Duration::seconds(2));
  EXPECT_EQ(sleep_through(rig, Duration::seconds(3600)), 0) << "nothing more to do";
}

// What asks leaves nothing behind: the log reads as if nobody had asked.
TEST(JournalRest, AskingWritesNothingThatCouldBeTakenForAFrame) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  const Sequence kept = rig.append("kept");
  rig.commit();
  disk.on_write = [](const std::string& name, uint64_t, size_t) { return is_segment(name) ? EIO : 0; };
  rig.append("refused");
  rig.commit();
  sleep_through(rig, Duration::seconds(5));
  heal(disk);
  sleep_through(rig, Duration::seconds(2));
  MemoryFiles left = disk.copy();
  Rig again(left);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), 1u);
  EXPECT_EQ(again.fetch(kept), "kept");
  EXPECT_EQ(again.journal->figures().torn_tails, 0u);
  EXPECT_EQ(again.journal->figures().quarantined_segments, 0u);
}

}  // namespace
}  // namespace forebay
