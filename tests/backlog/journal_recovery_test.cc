// Damage and crashes, and what a start makes of them.
#include <gtest/gtest.h>

#include "backlog/format.h"
#include "backlog/offline.h"
#include "journal_rig.h"

namespace forebay {
namespace {

const std::string first_segment = "00000001.segment";

// Ten commits of one message each, in the first segment; the offsets of their frames.
std::vector<uint64_t> ten_commits(MemoryFiles& disk, bool clean = false) {
  Rig rig(disk);
  std::vector<uint64_t> offsets;
  rig.open_or_fail();
  disk.on_write = [&](const std::string& name, uint64_t offset, size_t) {
    if (name == first_segment && offset >= format::segment_header_bytes) offsets.push_back(offset);
    return 0;
  };
  for (int i = 0; i < 10; ++i) {
    rig.append("message " + std::to_string(i));
    rig.commit();
  }
  disk.on_write = nullptr;
  if (clean) rig.journal->close();
  return offsets;
}

std::vector<std::string> bodies_in(Rig& rig) {
  std::vector<std::string> bodies;
  for (const RecoveredMessage& message : rig.recovered) bodies.push_back(rig.fetch(message.facts.sequence));
  return bodies;
}

TEST(JournalRecovery, ATornTailIsCutAndCounted) {
  MemoryFiles disk;
  const auto frames = ten_commits(disk);
  ASSERT_EQ(frames.size(), 10u);
  MemoryFiles left = disk.copy();
  left.bytes(first_segment)[frames[9] + 40] ^= std::byte{1};
  Rig rig(left);
  rig.open_or_fail();
  EXPECT_EQ(rig.recovered.size(), 9u);
  EXPECT_EQ(rig.journal->figures().torn_tails, 1u);
  EXPECT_EQ(rig.journal->figures().quarantined_segments, 0u);
  // What is cut does not come back, whatever is written next.
  rig.append("next");
  rig.commit();
  MemoryFiles later = left.copy();
  Rig again(later);
  again.open_or_fail();
  EXPECT_EQ(again.recovered.size(), 10u);
  EXPECT_EQ(bodies_in(again).back(), "next");
}

TEST(JournalRecovery, ADamagedFrameThatWasSyncedIsCorruptionAndTheRestIsServed) {
  MemoryFiles disk;
  const auto frames = ten_commits(disk);
  MemoryFiles left = disk.copy();
  left.bytes(first_segment)[frames[4] + 40] ^= std::byte{1};
  const auto damaged = left.bytes(first_segment);
  Rig rig(left);
  rig.open_or_fail();
  EXPECT_EQ(rig.journal->figures().quarantined_segments, 1u);
  EXPECT_EQ(rig.journal->figures().torn_tails, 0u);
  ASSERT_FALSE(rig.journal->recovery().complaints.empty());
  EXPECT_NE(rig.journal->recovery().complaints[0].find(first_segment), std::string::npos);
  EXPECT_FALSE(rig.journal->recovery().clean);
  ASSERT_EQ(rig.recovered.size(), 9u);
  const auto bodies = bodies_in(rig);
  EXPECT_EQ(bodies[3], "message 3");
  EXPECT_EQ(bodies[4], "message 5");
  // It is left as it is, however much is written, and stays reported.
  for (const RecoveredMessage& message : rig.recovered) {
    rig.journal->settle(message.facts.sequence, Settlement::delivered);
  }
  for (int i = 0; i < 4'000; ++i) {
    rig.journal->settle(rig.append(std::string(300, 'x')) - 1, Settlement::delivered);
    if (i % 50 == 0) rig.commit();
  }
  rig.commit();
  rig.journal->close();
  EXPECT_EQ(left.bytes(first_segment), damaged);
  MemoryFiles later = left.copy();
  Rig again(later);
  again.open_or_fail();
  EXPECT_EQ(again.journal->figures().quarantined_segments, 1u);
}

TEST(JournalRecovery, EveryFlippedByteOfTheLogIsCutOrQuarantinedAndNothingIsAltered) {
  MemoryFiles disk;
  const auto frames = ten_commits(disk);
  const uint64_t end = frames[9] + (frames[9] - frames[8]);
  for (uint64_t at = frames[0]; at < end; ++at) {
    MemoryFiles left = disk.copy();
    left.bytes(first_segment)[at] ^= std::byte{0x10};
    Rig rig(left);
    rig.open_or_fail();
    const BacklogFigures figures = rig.journal->figures();
    ASSERT_EQ(figures.quarantined_segments, at < frames[9] ? 1u : 0u) << "byte " << at;
    ASSERT_EQ(figures.torn_tails, at < frames[9] ? 0u : 1u) << "byte " << at;
    ASSERT_EQ(rig.recovered.size(), 9u) << "byte " << at;
    for (const std::string& body : bodies_in(rig)) ASSERT_EQ(body.substr(0, 8), "message ");
  }
}

// The checkpoint of the stop knows what was there: no damage passes for a commit that never finished.
TEST(JournalRecovery, EveryFlippedByteAfterACleanStopIsQuarantined) {
  MemoryFiles disk;
  const auto frames = ten_commits(disk, true);
  const uint64_t end = frames[9] + (frames[9] - frames[8]);
  for (uint64_t at = frames[0]; at < end; ++at) {
    MemoryFiles left = disk.copy();
    left.bytes(first_segment)[at] ^= std::byte{0x10};
    Rig rig(left);
    rig.open_or_fail();
    ASSERT_EQ(rig.journal->figures().quarantined_segments, 1u) << "byte " << at;
    ASSERT_EQ(rig.recovered.size(), 9u) << "byte " << at;
  }
}

// A store that has both checkpoints, dead letters, and settles that only checkpoints know.
MemoryFiles long_lived_store(std::set<Sequence>* alive) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.open_or_fail();
  for (int i = 0; i < 6'000; ++i) {
    const Sequence sequence = rig.append(std::string(300, 'x'));
    if (i % 60 == 0) alive->insert(sequence);
    if (i % 20 == 19) rig.commit();
    if (i % 60 != 1 && sequence > 40 && !alive->contains(sequence - 40)) {
      rig.journal->settle(sequence - 40, Settlement::delivered);
    }
  }
  for (Sequence sequence = 1; sequence < rig.journal->next_sequence(); ++sequence) {
    if (!alive->contains(sequence)) rig.journal->settle(sequence, Settlement::delivered);
  }
  rig.commit();
  EXPECT_TRUE(disk.nodes.contains("checkpoint-a") && disk.nodes.contains("checkpoint-b"));
  return disk.copy();
}

std::set<Sequence> sequences_of(const Rig& rig) {
  std::set<Sequence> found;
  for (const RecoveredMessage& message : rig.recovered) found.insert(message.facts.sequence);
  return found;
}

TEST(JournalRecovery, ABodyDamagedBehindTheIndexIsNotDelivered) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.window_bytes = 4096;
  rig.open_or_fail();
  std::vector<Sequence> sequences;
  for (int i = 0; i < 1'000; ++i) {
    sequences.push_back(rig.append(std::string(300, 'x')));
    if (i % 20 == 19) rig.commit();
  }
  disk.bytes(first_segment)[30'000] ^= std::byte{4};
  int damaged = 0;
  for (const Sequence sequence : sequences) {
    const std::string body = rig.fetch(sequence);
    damaged += body == "errno " + std::to_string(EBADMSG);
    EXPECT_TRUE(body == std::string(300, 'x') || body == "errno " + std::to_string(EBADMSG));
  }
  EXPECT_EQ(damaged, 1);
}

TEST(JournalRecovery, OneDamagedCheckpointIsReplacedByTheOther) {
  std::set<Sequence> alive;
  const MemoryFiles store = long_lived_store(&alive);
  for (const std::string name : {"checkpoint-a", "checkpoint-b"}) {
    for (const bool gone : {false, true}) {
      MemoryFiles left = store.copy();
      if (gone) left.nodes.erase(name);
      if (!gone) left.bytes(name)[left.bytes(name).size() / 2] ^= std::byte{1};
      Rig rig(left);
      rig.open_or_fail();
      EXPECT_EQ(sequences_of(rig), alive) << name;
      ASSERT_FALSE(rig.journal->recovery().complaints.empty());
      EXPECT_NE(rig.journal->recovery().complaints[0].find(name), std::string::npos);
    }
  }
}

// Segments are recycled all the time; whenever the process dies, either checkpoint must be enough.
TEST(JournalRecovery, AtAnyMomentEitherCheckpointWillDo) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.checkpoint_bytes = 128 * 1024;
  rig.options.max_bytes = 11 * 64 * 1024;  // hardly a segment lies idle
  rig.open_or_fail();
  std::set<Sequence> alive;
  for (int i = 0; i < 8'000; ++i) {
    if (rig.journal->room(304) == 0) alive.insert(rig.append(std::string(300, 'x')));
    // Mostly new ones are delivered, so that young segments die: those that one checkpoint knows and one does
    // not.
    for (int n = 0; i % 20 == 0 && n < 20 && alive.size() > 60; ++n) {
      const auto at = n == 0 ? alive.begin() : std::prev(alive.end(), 21);
      rig.journal->settle(*at, Settlement::delivered);
      alive.erase(at);
    }
    if (i % 20 != 19) continue;
    rig.commit();
    for (const std::string name : {"checkpoint-a", "checkpoint-b"}) {
      if (i % 60 != 19 || !disk.nodes.contains("checkpoint-b")) continue;
      MemoryFiles left = disk.copy();
      left.bytes(name)[20] ^= std::byte{1};
      Rig after(left);
      after.open_or_fail();
      ASSERT_EQ(sequences_of(after), alive) << name << " damaged after message " << i;
      ASSERT_EQ(after.journal->recovery().lost_messages, 0u);
    }
  }
  EXPECT_GT(rig.journal->next_sequence(), 5'000u);
}

TEST(JournalRecovery, SequencesHandedOutAndLostAreNotGivenAgain) {
  MemoryFiles disk;
  Sequence handed_out = 0;
  {
    Rig rig(disk);
    rig.open_or_fail();
    rig.append("kept");
    rig.commit();
    for (int i = 0; i < 1000; ++i) handed_out = rig.append("gathered, not written");
  }
  disk = disk.copy();
  Rig rig(disk);
  rig.open_or_fail();
  EXPECT_EQ(rig.recovered.size(), 1u);
  EXPECT_GT(rig.journal->next_sequence(), handed_out);
}

TEST(JournalRecovery, WithoutCheckpointsItIsLoudAndRedeliversRatherThanLoses) {
  std::set<Sequence> alive;
  MemoryFiles left = long_lived_store(&alive);
  for (const std::string name : {"checkpoint-a", "checkpoint-b"}) left.bytes(name)[30] ^= std::byte{1};
  Rig rig(left);
  rig.open_or_fail();
  const std::set<Sequence> found = sequences_of(rig);
  for (const Sequence sequence : alive) EXPECT_TRUE(found.contains(sequence));
  EXPECT_FALSE(rig.journal->recovery().clean);
  EXPECT_GE(rig.journal->recovery().complaints.size(), 3u);
  EXPECT_GT(rig.journal->next_sequence(), *alive.rbegin());
}

TEST(JournalRecovery, LostIndexFilesCostNothingButTime) {
  std::set<Sequence> alive;
  MemoryFiles left = long_lived_store(&alive);
  for (auto at = left.nodes.begin(); at != left.nodes.end();) {
    at = at->first.ends_with(".index") ? left.nodes.erase(at) : std::next(at);
  }
  Rig rig(left);
  rig.open_or_fail();
  EXPECT_EQ(sequences_of(rig), alive);
  EXPECT_EQ(rig.journal->recovery().quarantined_segments, 0u);
}

TEST(JournalRecovery, AMissingSegmentIsNoticed) {
  std::set<Sequence> alive;
  const MemoryFiles store = long_lived_store(&alive);
  int noticed = 0;
  for (const auto& [name, node] : store.nodes) {
    if (!name.ends_with(".segment")) continue;
    MemoryFiles left = store.copy();
    left.nodes.erase(name);
    Rig rig(left);
    rig.open_or_fail();
    const std::set<Sequence> found = sequences_of(rig);
    if (found == alive) continue;  // nothing lived in it
    ++noticed;
    EXPECT_GT(rig.journal->figures().missing_segments, 0u) << name;
    EXPECT_FALSE(rig.journal->recovery().complaints.empty()) << name;
  }
  EXPECT_GT(noticed, 0);
}

TEST(JournalRecovery, AnotherFormatVersionIsRefusedByName) {
  MemoryFiles disk;
  ten_commits(disk, true);
  for (const std::string name : {"store", "checkpoint-a", "00000001.segment"}) {
    for (const uint8_t version : {uint8_t{0}, static_cast<uint8_t>(format::version + 1)}) {
      MemoryFiles left = disk.copy();
      left.bytes(name)[8] = std::byte{version};
      Rig rig(left);
      EXPECT_EQ(rig.open(), EINVAL) << name;
      EXPECT_NE(rig.error.find(name), std::string::npos) << rig.error;
      EXPECT_NE(rig.error.find("format version " + std::to_string(version) + " (this program reads versions 1 to " +
                               std::to_string(format::version) + ")"),
                std::string::npos)
          << rig.error;
    }
  }
}

TEST(JournalRecovery, SegmentsWithoutAStoreFileAreNotOverwritten) {
  MemoryFiles disk;
  ten_commits(disk, true);
  MemoryFiles left = disk.copy();
  left.nodes.erase("store");
  Rig rig(left);
  EXPECT_EQ(rig.open(), EINVAL);
  EXPECT_NE(rig.error.find("store file"), std::string::npos);
  EXPECT_FALSE(left.nodes.contains("store"));
}

TEST(JournalRecovery, QueueNumbersAndIdentityOutliveTheProcess) {
  MemoryFiles disk;
  QueueId sms = 0, audit = 0, again = 0;
  {
    Rig rig(disk);
    rig.open_or_fail();
    EXPECT_EQ(rig.journal->queue_id("sms", &sms), 0);
    EXPECT_EQ(rig.journal->queue_id("audit", &audit), 0);
    EXPECT_NE(sms, audit);
  }
  disk = disk.copy();
  Rig rig(disk);
  rig.options.new_store_id = 1234;
  rig.options.new_id_key.fill(9);
  rig.open_or_fail();
  EXPECT_EQ(rig.journal->queue_id("audit", &again), 0);
  EXPECT_EQ(again, audit);
  EXPECT_EQ(rig.journal->store_id(), 77u);
  EXPECT_EQ(rig.journal->id_key()[0], 5);
}

TEST(JournalOffline, TellsAGoodStoreFromADamagedOneWithoutTouchingEither) {
  MemoryFiles disk;
  const auto frames = ten_commits(disk);
  std::string report;
  uint64_t writes = disk.writes;
  EXPECT_EQ(journal_verify(disk, &report), 0) << report;
  EXPECT_NE(report.find("10 waiting"), std::string::npos) << report;
  report.clear();
  disk.bytes(first_segment)[frames[9] + 40] ^= std::byte{1};
  EXPECT_EQ(journal_verify(disk, &report), 0) << "a torn tail is not damage\n" << report;
  EXPECT_NE(report.find("torn tail"), std::string::npos) << report;
  report.clear();
  disk.bytes(first_segment)[frames[3] + 40] ^= std::byte{1};
  EXPECT_EQ(journal_verify(disk, &report), 1) << report;
  EXPECT_NE(report.find(first_segment + ": frame 4 damaged at byte " + std::to_string(frames[3])), std::string::npos)
      << report;
  report.clear();
  EXPECT_EQ(journal_stat(disk, &report), 0) << report;
  EXPECT_EQ(disk.writes, writes);
  MemoryFiles empty;
  EXPECT_EQ(journal_stat(empty, &report), 1);
}

}  // namespace
}  // namespace forebay
