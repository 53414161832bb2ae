// Opening and recovering are two steps, and what is recovered is told as it is read.
#include "journal_rig.h"

namespace forebay {
namespace {

JournalPorts ports_of(Rig& rig) {
  return {rig.files, rig.commit_worker, rig.helper, rig.reader, rig.loop, rig.clock, rig};
}

// A store of so many messages, ended as a crash.
MemoryFiles store_of(int messages) {
  MemoryFiles files;
  Rig rig(files);
  EXPECT_EQ(rig.open(), 0) << rig.error;
  for (int i = 0; i < messages; ++i) {
    rig.append(std::string(300, 'x'));
    if (i % 100 == 99) rig.commit();
  }
  rig.commit();
  return files.copy();
}

TEST(JournalStart, SaysWhoItIsBeforeAnythingIsRecovered) {
  MemoryFiles files = store_of(10);
  Rig rig(files);
  ASSERT_EQ(Journal::open(ports_of(rig), rig.options, &rig.journal, &rig.error), 0) << rig.error;
  EXPECT_EQ(rig.journal->store_id(), 77u);
  EXPECT_EQ(rig.journal->id_key()[0], 5);
  QueueId id = 0;
  EXPECT_EQ(rig.journal->queue_id("sms", &id), 0);
  EXPECT_EQ(id, 1);
  size_t told = 0;
  const auto count = [&](std::span<const RecoveredMessage> messages) { told += messages.size(); };
  ASSERT_EQ(rig.journal->recover(count, &rig.error), 0) << rig.error;
  EXPECT_EQ(told, 10u);
}

// Whoever gathers all messages first and tells them then needs the memory for it, which is more than they
// take once they are in their places.
TEST(JournalStart, TellsOfMessagesWhileTheNextAreStillOnDisk) {
  MemoryFiles files = store_of(6'000);
  std::set<std::string> indexes;
  for (const auto& [name, node] : files.nodes) {
    if (name.ends_with(".index")) indexes.insert(name);
  }
  ASSERT_GT(indexes.size(), 10u);
  std::set<std::string> read;
  files.on_read = [&](const std::string& name) { return read.insert(name), 0; };
  Rig rig(files);
  ASSERT_EQ(Journal::open(ports_of(rig), rig.options, &rig.journal, &rig.error), 0) << rig.error;
  Sequence last = 0;
  size_t told = 0;
  const auto listen = [&](std::span<const RecoveredMessage> messages) {
    EXPECT_LE(messages.size(), 1024u);
    size_t read_so_far = 0;
    for (const std::string& name : indexes) read_so_far += read.contains(name);
    // What was told and what is about to be, and one segment that is begun.
    const size_t messages_per_segment = 64 * 1024 / 350;
    EXPECT_LE(read_so_far, (told + messages.size()) / messages_per_segment + 3);
    for (const RecoveredMessage& message : messages) {
      EXPECT_GT(message.facts.sequence, last);
      last = message.facts.sequence;
    }
    told += messages.size();
  };
  ASSERT_EQ(rig.journal->recover(listen, &rig.error), 0) << rig.error;
  EXPECT_EQ(told, 6'000u);
}

// Started after an orderly stop and ended before it wrote a frame: it may have sent, and what the limits let through is
// not written down.
TEST(JournalStart, AKillBeforeTheFirstFrameIsNotTakenForAnOrderlyStop) {
  MemoryFiles disk;
  {
    Rig rig(disk);
    rig.open_or_fail();
    rig.append("waits");
    rig.commit();
    rig.journal->close();
    rig.run_all();
  }
  MemoryFiles stopped = disk.copy();
  Rig rig(stopped);
  rig.open_or_fail();
  ASSERT_TRUE(rig.journal->stopped_cleanly());
  MemoryFiles killed = stopped.copy();
  Rig again(killed);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), 1u);
  EXPECT_FALSE(again.journal->stopped_cleanly());
  EXPECT_TRUE(again.journal->recovery().complaints.empty());
  again.journal->close();
  again.run_all();
  MemoryFiles stopped_again = killed.copy();
  Rig last(stopped_again);
  last.open_or_fail();
  EXPECT_TRUE(last.journal->stopped_cleanly());
}

// The mark does not wait for a page to be written some day: it is synced before a start is through.
TEST(JournalStart, TheMarkOfAProcessAtWorkIsSynced) {
  MemoryFiles disk;
  Rig rig(disk);
  bool synced = false;
  disk.on_sync = [&](const std::string& name) { return synced = synced || name == "attempts", 0; };
  rig.open_or_fail();
  EXPECT_TRUE(synced);
}

}  // namespace
}  // namespace forebay
