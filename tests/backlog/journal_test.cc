#include "backlog/journal.h"

#include <gtest/gtest.h>

#include <set>

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
    if (i % 50 == 0) rig.rest();
  }
  rig.rest();
  EXPECT_EQ(rig.journal->figures().live_bytes, 0u);
  EXPECT_LT(disk.total_bytes(), high);
  rig.journal->close();
  MemoryFiles after = disk.copy();
  Rig again(after);
  again.open_or_fail();
  EXPECT_TRUE(again.recovered.empty());
  EXPECT_TRUE(again.journal->recovery().clean);
}

TEST(Journal, ABodyForSeveralQueuesIsStoredOnceAndEachCopyLivesByItself) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  const std::string body(20'000, 'b');
  MessageFacts copies[3];
  for (uint16_t i = 0; i < 3; ++i) {
    copies[i].sequence = rig.journal->next_sequence() + i;
    copies[i].queue = static_cast<QueueId>(10 + i);
    copies[i].expires_ms = i == 1 ? 1'700'000'900'000 : 0;
    copies[i].accepted_ms = 1'700'000'000'000;
  }
  const Sequence first = copies[0].sequence;
  const uint64_t before = rig.journal->figures().bytes_written;
  rig.journal->append(copies, "meta", body);
  EXPECT_EQ(rig.journal->next_sequence(), first + 3);
  rig.journal->flush();
  while (rig.commit_worker.step() || rig.loop.step()) {
  }
  EXPECT_LT(rig.journal->figures().live_bytes, body.size() + 200);
  EXPECT_LT(rig.journal->figures().bytes_written - before, body.size() + 64 * 1024 + 8'192 + 500);
  rig.journal->settle(first, Settlement::delivered);
  // Enough traffic that the record is moved by compaction, with the two receivers it has left.
  for (int i = 0; i < 3'000; ++i) {
    const Sequence sequence = rig.append(std::string(300, 'x'));
    if (i % 20 == 19) rig.commit();
    if (i > 40) rig.journal->settle(sequence - 40, Settlement::delivered);
  }
  rig.commit();
  disk = disk.copy();
  Rig again(disk);
  again.open_or_fail();
  ASSERT_GE(again.recovered.size(), 2u);
  for (int i : {0, 1}) {
    EXPECT_EQ(again.recovered[i].facts.sequence, first + 1 + i);
    EXPECT_EQ(again.recovered[i].facts.queue, 11 + i);
    EXPECT_EQ(again.recovered[i].facts.expires_ms, i == 0 ? 1'700'000'900'000 : 0);
    EXPECT_EQ(again.recovered[i].facts.bytes, body.size() + 4);
    EXPECT_EQ(again.fetch(first + 1 + i), body);
  }
}

TEST(Journal, AnotherSegmentSizeTakesEffectAsSegmentsAreReplaced) {
  MemoryFiles disk;
  std::set<Sequence> alive;
  for (const uint64_t size : {64 * 1024, 256 * 1024, 32 * 1024}) {
    disk = disk.copy();
    Rig rig(disk);
    rig.options.segment_bytes = size;
    rig.open_or_fail();
    EXPECT_EQ(rig.recovered.size(), alive.size());
    for (int i = 0; i < 4'000; ++i) {
      const Sequence sequence = rig.append(std::string(300, 'x'));
      if (i % 20 == 19) rig.commit();
      if (i % 400 == 0) alive.insert(sequence);
      if (i > 40 && !alive.contains(sequence - 40)) rig.journal->settle(sequence - 40, Settlement::delivered);
    }
    for (Sequence sequence = rig.journal->next_sequence() - 41; sequence < rig.journal->next_sequence(); ++sequence) {
      if (!alive.contains(sequence)) rig.journal->settle(sequence, Settlement::delivered);
    }
    rig.commit();
    for (const Sequence sequence : alive) EXPECT_EQ(rig.fetch(sequence), std::string(300, 'x'));
  }
  Rig rig(disk);
  rig.options.segment_bytes = 10'000;
  EXPECT_EQ(rig.open(), EINVAL);
}

}  // namespace
}  // namespace forebay
