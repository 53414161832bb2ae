// What the journal does when the disk does not do as it is told.
#include <gtest/gtest.h>

#include "journal_rig.h"

namespace forebay {
namespace {

using Reports = std::vector<std::pair<uint64_t, int>>;

bool is_segment(const std::string& name) {
  return name.ends_with(".segment");
}

TEST(JournalFault, AFullDiskRefusesMessagesKeepsChangesAndRecoversByItself) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  const Sequence kept = rig.append("kept");
  const Sequence settled = rig.append("settled");
  rig.commit();
  disk.on_write = [](const std::string& name, uint64_t, size_t) { return is_segment(name) ? ENOSPC : 0; };
  const Sequence refused = rig.append("refused");
  rig.journal->settle(settled, Settlement::delivered);
  rig.journal->note("pause", "on");
  rig.commit();
  EXPECT_EQ(rig.committed, (Reports{{1, 0}, {2, ENOSPC}}));
  EXPECT_TRUE(rig.journal->figures().refusing);
  EXPECT_NE(rig.journal->figures().refusing_why.find("No space"), std::string::npos);
  EXPECT_EQ(rig.journal->room(10), ENOSPC);
  EXPECT_EQ(rig.fetch(refused), "errno " + std::to_string(ENOENT));
  EXPECT_EQ(rig.fetch(kept), "kept");

  disk.on_write = nullptr;
  EXPECT_EQ(rig.journal->room(10), ENOSPC) << "not yet: tried once a second";
  rig.clock.time = rig.clock.time + Duration::seconds(1);
  rig.commit();  // by itself
  EXPECT_EQ(rig.committed.back(), (std::pair<uint64_t, int>{3, 0}));
  EXPECT_FALSE(rig.journal->figures().refusing);
  EXPECT_EQ(rig.journal->room(10), 0);
  const Sequence afterwards = rig.append("afterwards");
  rig.commit();

  MemoryFiles left = disk.copy();
  Rig again(left);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), 2u);
  EXPECT_EQ(again.recovered[0].facts.sequence, kept);
  EXPECT_EQ(again.recovered[1].facts.sequence, afterwards);
  EXPECT_EQ(again.journal->noted("pause"), "on");
}

TEST(JournalFault, ChangesUseTheReserveWhenMessagesFindNoSpace) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  disk.on_allocate = [](const std::string&, uint64_t) { return ENOSPC; };  // no file grows any more
  std::vector<Sequence> kept;
  int error = 0;
  while (error == 0) {
    std::vector<Sequence> batch;
    for (int i = 0; i < 20; ++i) batch.push_back(rig.append(std::string(300, 'x')));
    rig.commit();
    error = rig.committed.back().second;
    if (error == 0) kept.insert(kept.end(), batch.begin(), batch.end());
  }
  EXPECT_EQ(error, ENOSPC);
  for (const Sequence sequence : kept) {
    rig.journal->retry(sequence, 1'700'000'000'000, 1);
    rig.commit();
    ASSERT_EQ(rig.committed.back().second, 0);
  }
  MemoryFiles left = disk.copy();
  Rig again(left);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), kept.size());
  for (const RecoveredMessage& message : again.recovered) EXPECT_EQ(message.attempts, 1);
}

// Nothing but draining helps, and draining needs a checkpoint, for which there is no space.
class JournalFullDisk : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(IndexFiles, JournalFullDisk, testing::Bool());

TEST_P(JournalFullDisk, FilledByTheJournalItselfItIsUsableAgainOnceDrained) {
  MemoryFiles disk;
  const bool index_files = GetParam();  // they could be given up
  disk.on_write = [&](const std::string& name, uint64_t, size_t) {
    return !index_files && name.ends_with(".index") ? ENOSPC : 0;
  };
  disk.capacity = 40 * 64 * 1024;
  Rig rig(disk);
  rig.options.max_bytes = 1ull << 40;
  rig.open_or_fail();
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    std::vector<Sequence> kept;
    while (rig.committed.empty() || rig.committed.back().second == 0) {
      std::vector<Sequence> batch;
      for (int i = 0; i < 50; ++i) batch.push_back(rig.append(std::string(300, 'x')));
      rig.commit();
      if (rig.committed.back().second == 0) kept.insert(kept.end(), batch.begin(), batch.end());
    }
    EXPECT_GT(kept.size(), 4'000u);
    disk.capacity = disk.total_bytes();  // somebody else has the rest
    for (size_t i = 0; i < kept.size(); ++i) {
      rig.journal->settle(kept[i], Settlement::delivered);
      if (i % 50 == 49) rig.commit();
    }
    rig.committed.clear();
    for (int turn = 0; turn < 20; ++turn) {
      rig.clock.time = rig.clock.time + Duration::milliseconds(500);
      rig.commit();
    }
    EXPECT_EQ(rig.journal->room(300), 0);
    EXPECT_TRUE(rig.broken.empty());
  }
}

TEST(JournalFault, ARefusedBatchDoesNotComeBackThoughHalfOfItWasWritten) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  rig.append("before");
  rig.commit();
  int left_to_write = 1;
  disk.on_write = [&](const std::string& name, uint64_t offset, size_t) {
    return is_segment(name) && offset >= 4096 && left_to_write-- <= 0 ? EIO : 0;
  };
  for (int i = 0; i < 400; ++i) rig.append(std::string(300, 'x'));  // more than one segment holds
  rig.commit();
  EXPECT_EQ(rig.committed.back(), (std::pair<uint64_t, int>{2, EIO}));
  disk.on_write = nullptr;
  rig.append("after");
  rig.commit();
  MemoryFiles left = disk.copy();
  Rig again(left);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), 2u);
  EXPECT_EQ(again.fetch(again.recovered[0].facts.sequence), "before");
  EXPECT_EQ(again.fetch(again.recovered[1].facts.sequence), "after");
}

TEST(JournalFault, AFailedSyncIsTheEnd) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  rig.append("good");
  rig.commit();
  disk.on_sync = [](const std::string& name) { return is_segment(name) ? EIO : 0; };
  rig.append("unknown");
  rig.commit();
  disk.on_sync = nullptr;
  const uint64_t writes = disk.writes;
  rig.append("too late");
  rig.commit();
  rig.commit();
  rig.journal->close();
  EXPECT_EQ(disk.writes, writes) << "nothing is written any more";
  EXPECT_EQ(rig.committed, (Reports{{1, 0}}));
  ASSERT_EQ(rig.broken.size(), 1u);
  EXPECT_NE(rig.broken[0].find("sync"), std::string::npos);
  EXPECT_EQ(rig.journal->room(1), EIO);
}

TEST(JournalFault, AFailedSyncOfTheHelperIsTheEndToo) {
  MemoryFiles disk;
  Rig rig(disk);
  disk.on_sync = [](const std::string& name) { return name == "00000002.segment" ? EIO : 0; };
  rig.open_or_fail();
  rig.append("anything");
  rig.commit();
  EXPECT_EQ(rig.broken.size(), 1u);
}

TEST(JournalFault, WhatIsFlushedDuringASyncSharesTheNextOne) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  rig.run_all();
  int nested = 0;
  disk.on_sync = [&](const std::string& name) {
    if (!is_segment(name) || nested++ > 0) return 0;
    for (int i = 0; i < 10; ++i) {
      rig.append("meanwhile");
      rig.journal->flush();
    }
    return 0;
  };
  rig.append("first");
  rig.journal->flush();
  while (rig.commit_worker.step()) {
  }
  EXPECT_EQ(nested, 2) << "syncs for eleven batches";
  rig.run_all();
  ASSERT_EQ(rig.committed.size(), 11u);
  for (uint64_t batch = 1; batch <= 11; ++batch) EXPECT_EQ(rig.committed[batch - 1].first, batch);
  EXPECT_EQ(rig.synced, (std::vector<uint32_t>{1, 10}));
}

TEST(JournalFault, ASecondOpenerIsToldWhy) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  Rig second(disk);
  EXPECT_EQ(second.open(), EWOULDBLOCK);
  EXPECT_NE(second.error.find("another forebay"), std::string::npos);
}

TEST(JournalFault, WhatCannotBeReadAtStartIsAClearError) {
  MemoryFiles disk;
  {
    Rig rig(disk);
    rig.open_or_fail();
    rig.append("x");
    rig.commit();
  }
  for (const std::string file : {"store", "attempts"}) {
    MemoryFiles left = disk.copy();
    left.on_read = [&](const std::string& name) { return name == file ? EIO : 0; };
    Rig rig(left);
    EXPECT_NE(rig.open(), 0) << file;
    EXPECT_NE(rig.error.find(file), std::string::npos) << rig.error;
  }
  MemoryFiles left = disk.copy();
  left.on_write = [](const std::string&, uint64_t, size_t) { return EROFS; };
  Rig rig(left);
  EXPECT_NE(rig.open(), 0);
  EXPECT_FALSE(rig.error.empty());
}

}  // namespace
}  // namespace forebay
