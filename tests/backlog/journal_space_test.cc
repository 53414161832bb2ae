// What the journal takes of the disk and of memory: recycling, compaction, bounds, bytes written.
#include <gtest/gtest.h>

#include <random>

#include "backlog/segment.h"
#include "journal_rig.h"

namespace forebay {
namespace {

constexpr uint64_t segment = 64 * 1024;

// Turns with nothing to do, a while apart, until upkeep has come to rest.
void let_it_rest(Rig& rig) {
  for (int turn = 0; turn < 600; ++turn) {
    rig.clock.time = rig.clock.time + Duration::milliseconds(100);
    rig.commit();
  }
}

uint64_t segment_bytes_on(const MemoryFiles& disk) {
  uint64_t bytes = 0;
  uint32_t slot = 0;
  for (const auto& [name, node] : disk.nodes) bytes += parse_segment_name(name, &slot) ? node->bytes.size() : 0;
  return bytes;
}

TEST(JournalSpace, ScatteredLifeIsCompactedToTwiceItsSize) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.checkpoint_bytes = 4 * segment;
  rig.open_or_fail();
  std::map<Sequence, std::string> alive;
  for (int i = 0; i < 20'000; ++i) {
    const std::string body = "message " + std::to_string(i) + std::string(280, '.');
    alive[rig.append(body)] = body;
    if (i % 100 == 99) rig.commit();
  }
  const uint64_t high = segment_bytes_on(disk);
  std::mt19937_64 random(3);
  for (auto at = alive.begin(); at != alive.end();) {
    if (random() % 10 == 0) {
      ++at;
      continue;
    }
    rig.journal->settle(at->first, Settlement::delivered);
    at = alive.erase(at);
    if (random() % 50 == 0) rig.commit();
  }
  let_it_rest(rig);
  const BacklogFigures figures = rig.journal->figures();
  const uint64_t reserve = 20 * segment;  // spares, what two checkpoints hold back, what is not worth copying
  EXPECT_LT(segment_bytes_on(disk), high / 2);
  EXPECT_LE(segment_bytes_on(disk), 2 * figures.live_bytes + reserve);
  for (const auto& [sequence, body] : alive) ASSERT_EQ(rig.fetch(sequence), body);
  MemoryFiles left = disk.copy();
  Rig again(left);
  again.options = rig.options;
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), alive.size());
  auto expected = alive.begin();
  for (const RecoveredMessage& message : again.recovered) {
    ASSERT_EQ(message.facts.sequence, expected->first);
    ASSERT_EQ(again.fetch(message.facts.sequence), expected->second);
    ++expected;
  }
}

TEST(JournalSpace, ADrainedBurstGivesTheDiskBack) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.checkpoint_bytes = 4 * segment;
  rig.open_or_fail();
  const Sequence first = rig.journal->next_sequence();
  for (int i = 0; i < 20'000; ++i) {
    rig.append(std::string(300, 'x'));
    if (i % 100 == 99) rig.commit();
  }
  for (Sequence sequence = first; sequence < first + 20'000; sequence += 50) {
    ASSERT_EQ(rig.fetch(sequence), std::string(300, 'x'));  // a read holds its segment, for a while only
  }
  for (Sequence sequence = first; sequence < first + 20'000; ++sequence) {
    rig.journal->settle(sequence, Settlement::delivered);
    if (sequence % 100 == 0) rig.commit();
  }
  let_it_rest(rig);
  EXPECT_EQ(rig.journal->figures().live_bytes, 0u);
  EXPECT_LE(segment_bytes_on(disk), 20 * segment);
}

TEST(JournalSpace, MaxBytesIsNeverPassedAndDrainingMakesRoom) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.max_bytes = 24 * segment;
  rig.open_or_fail();
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    std::vector<Sequence> waiting;
    int refused = 0;
    for (int i = 0; i < 8'000 && refused < 3; ++i) {
      if (rig.journal->room(304) == 0) {
        waiting.push_back(rig.append(std::string(300, 'x')));
        if (i % 20 == 19) rig.commit();
      } else {
        ++refused;
        rig.clock.time = rig.clock.time + Duration::seconds(1);
        rig.commit();
      }
      ASSERT_LE(disk.total_bytes(), rig.options.max_bytes);
    }
    rig.commit();
    EXPECT_EQ(refused, 3);
    EXPECT_EQ(rig.journal->room(304), ENOSPC);
    // The most of it can be used: all but the reserve, the open segment's rest and what the indexes take.
    EXPECT_GT(rig.journal->figures().live_bytes, 14 * segment);
    for (const auto& [batch, error] : rig.committed) ASSERT_EQ(error, 0) << "batch " << batch;
    for (const Sequence sequence : waiting) {
      rig.journal->settle(sequence, Settlement::delivered);
      if (sequence % 40 == 0) rig.commit();
      ASSERT_LE(disk.total_bytes(), rig.options.max_bytes);
    }
    rig.rest();
    rig.commit();
    EXPECT_EQ(rig.journal->room(304), 0);
  }
}

TEST(JournalSpace, AMessageThatFitsNoSegmentIsRefusedBeforehand) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  EXPECT_EQ(rig.journal->room(segment), EMSGSIZE);
  EXPECT_EQ(rig.journal->room(segment - 8192), 0);
  const std::string body(segment - 8192, 'b');
  const Sequence sequence = rig.append(body);
  rig.commit();
  EXPECT_EQ(rig.fetch(sequence), body);
}

// A batch counts what is kept beside each of its messages, and fits a segment or is refused for good.
TEST(JournalSpace, ABatchThatFitsNoSegmentIsRefusedBeforehand) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  EXPECT_EQ(rig.journal->room(50'000, 1), 0);
  EXPECT_EQ(rig.journal->room(50'000, 1'000), EMSGSIZE);
}

// Whoever sends them: what waits for its sync is held in memory.
TEST(JournalSpace, NoMoreThanABoundWaitsForItsSync) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.unsynced_bytes = 100'000;
  rig.open_or_fail();
  uint64_t taken = 0;
  for (; rig.journal->room(5'000) == 0; taken += 5'000) {
    ASSERT_LT(taken, 1'000'000u);
    rig.append(std::string(5'000, 'x'));
    if (taken % 10'000 == 0) rig.journal->flush();  // a disk that takes its time
  }
  EXPECT_EQ(rig.journal->room(5'000), EAGAIN);
  EXPECT_GE(taken, 85'000u);
  EXPECT_LE(taken, 100'000u);
  rig.commit();
  EXPECT_EQ(rig.journal->room(5'000), 0) << "synced";
}

TEST(JournalSpace, OnRecycledSegmentsLittleMoreThanThePayloadIsWritten) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.segment_bytes = 1 << 20;
  rig.options.checkpoint_bytes = 4 << 20;
  rig.open_or_fail();
  const auto pass = [&](int messages) {
    for (int i = 0; i < messages; i += 64) {
      std::vector<Sequence> batch;
      for (int k = 0; k < 64; ++k) batch.push_back(rig.append(std::string(296, 'x')));  // and 4 of meta
      rig.commit();
      for (const Sequence sequence : batch) rig.journal->settle(sequence, Settlement::delivered);
    }
    rig.commit();
  };
  pass(100'000);  // until everything runs on recycled segments
  const uint64_t before = rig.journal->figures().bytes_written;
  pass(100'000);
  const double written = static_cast<double>(rig.journal->figures().bytes_written - before) / (100'000 * 300.0);
  RecordProperty("bytes_written_per_payload", std::to_string(written));
  EXPECT_LE(written, 1.4);
  EXPECT_GT(written, 1.0);
}

TEST(JournalSpace, TheIndexTakesThirteenBytesAMessage) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.segment_bytes = 1 << 20;
  rig.options.max_bytes = 1ull << 30;
  rig.open_or_fail();
  constexpr int messages = 200'000;
  for (int i = 0; i < messages; ++i) {
    rig.append("0123456789");
    if (i % 1000 == 999) rig.commit();
  }
  EXPECT_LE(static_cast<double>(rig.journal->index_bytes()) / messages, 13.0);
}

TEST(JournalSpace, ANearlyEmptyQueueNeverReads) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  const uint64_t reads = disk.reads;
  for (int i = 0; i < 2'000; ++i) {
    const Sequence sequence = rig.append("body " + std::to_string(i));
    rig.commit();
    ASSERT_EQ(rig.fetch(sequence), "body " + std::to_string(i));
    rig.journal->settle(sequence, Settlement::delivered);
  }
  EXPECT_EQ(disk.reads, reads);
}

TEST(JournalSpace, NeighboursAreReadTogetherAndAheadOfNeed) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.window_bytes = 64 * 1024;
  rig.open_or_fail();
  std::vector<Sequence> sequences;
  for (int i = 0; i < 2'000; ++i) {
    sequences.push_back(rig.append(std::string(300, static_cast<char>('a' + i % 26))));
    if (i % 50 == 49) rig.commit();
  }
  const uint64_t reads = disk.reads;
  rig.journal->prefetch(std::span(sequences).first(100));
  rig.run_all();
  EXPECT_LE(disk.reads - reads, 3u);
  const uint64_t after = disk.reads;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rig.fetch(sequences[i])[0], static_cast<char>('a' + i % 26));
  EXPECT_EQ(disk.reads, after);
}

// Asked every turn for more than the window takes, it reads what the window takes, once.
TEST(JournalSpace, ReadingAheadOfMoreThanTheWindowDoesNotReadAgainAndAgain) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.window_bytes = 64 * 1024;
  rig.open_or_fail();
  std::vector<Sequence> sequences;
  for (int i = 0; i < 200; ++i) {
    sequences.push_back(rig.append(std::string(4'000, 'x')));
    rig.commit();
  }
  const std::span<const Sequence> ahead = std::span(sequences).first(100);
  rig.journal->prefetch(ahead);
  rig.journal->prefetch(ahead);
  rig.run_all();
  const uint64_t reads = disk.reads;
  for (int turn = 0; turn < 10; ++turn) {
    rig.journal->prefetch(ahead);
    rig.run_all();
  }
  EXPECT_EQ(disk.reads, reads);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(rig.fetch(sequences[i]).size(), 4'000u);
  EXPECT_EQ(disk.reads, reads) << "what goes first is there";
}

}  // namespace
}  // namespace forebay
