#include "backlog/journal.h"

#include <gtest/gtest.h>

#include "journal_rig.h"

namespace forebay {
namespace {

TEST(Journal, WhatWasAppendedIsThereAfterReopening) {
  MemoryFiles disk;
  Sequence first = 0;
  {
    Rig rig(disk);
    rig.open_or_fail();
    first = rig.append("one");
    rig.append("two");
    EXPECT_EQ(rig.journal->open_batch(), 1u);
    rig.commit();
    EXPECT_EQ(rig.committed, (std::vector<std::pair<uint64_t, int>>{{1, 0}}));
    EXPECT_EQ(rig.fetch(first), "one");
  }
  MemoryFiles after = disk.copy();
  Rig rig(after);
  rig.open_or_fail();
  ASSERT_EQ(rig.recovered.size(), 2u);
  EXPECT_EQ(rig.recovered[0].facts.sequence, first);
  EXPECT_EQ(rig.fetch(first), "one");
  EXPECT_EQ(rig.fetch(first + 1), "two");
  EXPECT_GT(rig.journal->next_sequence(), first + 1);
  rig.journal->settle(first, Settlement::delivered);
  rig.commit();
  rig.journal->close();
  MemoryFiles later = after.copy();
  Rig again(later);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), 1u);
  EXPECT_EQ(again.recovered[0].facts.sequence, first + 1);
  EXPECT_TRUE(again.journal->recovery().clean);
}

TEST(Journal, ABurstFillsManySegmentsAndDrainsThem) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  std::vector<Sequence> sequences;
  for (int i = 0; i < 4000; ++i) {
    sequences.push_back(rig.append(std::string(300, static_cast<char>('a' + i % 26))));
    if (i % 50 == 0) rig.commit();
  }
  rig.commit();
  const uint64_t high = disk.total_bytes();
  EXPECT_EQ(rig.fetch(sequences[0]), std::string(300, 'a'));
  for (size_t i = 0; i < sequences.size(); ++i) {
    rig.journal->settle(sequences[i], Settlement::delivered);
    if (i % 50 == 0) rig.commit();
  }
  rig.commit();
  EXPECT_EQ(rig.journal->figures().live_bytes, 0u);
  EXPECT_LT(disk.total_bytes(), high);
  rig.journal->close();
  MemoryFiles after = disk.copy();
  Rig again(after);
  again.open_or_fail();
  EXPECT_TRUE(again.recovered.empty());
  EXPECT_TRUE(again.journal->recovery().clean);
}

}  // namespace
}  // namespace forebay
