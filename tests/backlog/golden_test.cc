// The golden store: a small store of format version 1, written once and kept in golden/, with recycled
// segments, an index, copies, dead letters, retries and notes. Whatever becomes of the program, it opens this
// store and finds this in it. FOREBAY_GOLDEN_OUT=DIR writes a new one: for a new format version only, beside
// this one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "backlog/format.h"
#include "backlog/offline.h"
#include "backlog/segment.h"
#include "journal_rig.h"

namespace forebay {
namespace {

std::string body_of(Sequence sequence) {
  return "golden message " + std::to_string(sequence) + std::string(60 + sequence % 200, '.');
}

bool stays(Sequence sequence) {
  return sequence % 137 == 0 || sequence > 1990;
}

void open_small(Rig& rig) {
  rig.options.segment_bytes = 16 * 1024;
  rig.options.checkpoint_bytes = 32 * 1024;
  rig.options.max_bytes = 1 << 20;
  rig.open_or_fail();
}

MemoryFiles make_golden() {
  MemoryFiles disk;
  Rig rig(disk);
  open_small(rig);
  QueueId sms = 0, audit = 0;
  rig.journal->queue_id("sms", &sms);
  rig.journal->queue_id("audit", &audit);
  for (Sequence sequence = 1; sequence <= 2000; ++sequence) {
    rig.append(body_of(sequence), sequence % 2 == 0 ? sms : audit);
    if (sequence % 10 == 0) rig.commit();
    if (sequence > 50 && !stays(sequence - 50)) rig.journal->settle(sequence - 50, Settlement::delivered);
  }
  rig.commit();
  for (Sequence sequence = 1951; sequence <= 1990; ++sequence) {
    if (!stays(sequence)) rig.journal->settle(sequence, Settlement::expired);
  }
  rig.journal->retry(1993, 1'700'000'123'000, 3);
  rig.journal->dead({1994, sms, 10, 1'700'000'456'000, 99, "http 404", "no such number"});
  rig.journal->dead({1996, sms, 2, 1'700'000'456'000, 99, "http 410", "gone"});
  rig.journal->revive(1996, 1'700'000'789'000);
  rig.journal->note("pause:sms", "by hand");
  for (int turn = 0; turn < 80; ++turn) {
    rig.clock.time = rig.clock.time + Duration::milliseconds(100);
    rig.commit();
  }
  rig.journal->attempt_begun(1995, 1);
  rig.journal->write_attempts();
  return disk.copy();
}

MemoryFiles read_golden() {
  MemoryFiles disk;
  for (const auto& entry : std::filesystem::directory_iterator(FOREBAY_GOLDEN_DIR)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto node = std::make_shared<MemoryFiles::Node>();
    const auto bytes = std::as_bytes(std::span(text));
    node->bytes.assign(bytes.begin(), bytes.end());
    disk.nodes[entry.path().filename().string()] = std::move(node);
  }
  return disk;
}

void expect_golden(MemoryFiles& disk) {
  Rig rig(disk);
  open_small(rig);
  ASSERT_NE(rig.journal, nullptr);
  std::set<Sequence> found;
  for (const RecoveredMessage& message : rig.recovered) {
    const Sequence sequence = message.facts.sequence;
    found.insert(sequence);
    EXPECT_EQ(rig.fetch(sequence), body_of(sequence));
    EXPECT_EQ(message.facts.queue, sequence % 2 == 0 ? 1 : 2);
    EXPECT_EQ(message.attempts, sequence == 1993 ? 3 : sequence == 1994 ? 10 : sequence == 1995 ? 1 : 0) << sequence;
    EXPECT_EQ(message.dead, sequence == 1994);
    EXPECT_EQ(message.crashed_in_flight, sequence == 1995);
    EXPECT_EQ(message.revived, sequence == 1996) << "from before checkpoints had a flag for it";
    EXPECT_EQ(message.facts.due_ms, sequence == 1993 ? 1'700'000'123'000 : sequence == 1996 ? 1'700'000'789'000 : 0);
  }
  for (Sequence sequence = 1; sequence <= 2000; ++sequence) EXPECT_EQ(found.contains(sequence), stays(sequence));
  EXPECT_EQ(rig.journal->dead_letter(1994)->excerpt, "no such number");
  EXPECT_EQ(rig.journal->noted("pause:sms"), "by hand");
  EXPECT_EQ(rig.journal->store_id(), 77u);
  EXPECT_TRUE(rig.journal->recovery().complaints.empty());
  QueueId sms = 0;
  EXPECT_EQ(rig.journal->queue_id("sms", &sms), 0);
  EXPECT_EQ(sms, 1);
}

TEST(GoldenStore, OfVersion1OpensAndHoldsWhatItHeld) {
  MemoryFiles disk = read_golden();
  ASSERT_TRUE(disk.nodes.contains("store"));
  std::string report;
  EXPECT_EQ(journal_verify(disk, &report), 0) << report;
  uint32_t recycled = 0;
  for (const auto& [name, node] : disk.nodes) {
    uint32_t slot = 0, generation = 0;
    if (!parse_segment_name(name, &slot)) continue;
    std::memcpy(&generation, node->bytes.data() + 24, sizeof generation);
    recycled += generation > 1;
  }
  EXPECT_GT(recycled, 2u) << "segments used more than once";
  expect_golden(disk);
}

TEST(GoldenStore, IsStillWrittenTheSameWay) {
  MemoryFiles disk = make_golden();
  if (const char* out = std::getenv("FOREBAY_GOLDEN_OUT")) {
    for (const auto& [name, node] : disk.nodes) {
      std::ofstream file(std::filesystem::path(out) / name, std::ios::binary);
      file.write(reinterpret_cast<const char*>(node->bytes.data()), static_cast<std::streamsize>(node->bytes.size()));
    }
  }
  expect_golden(disk);
}

}  // namespace
}  // namespace forebay
