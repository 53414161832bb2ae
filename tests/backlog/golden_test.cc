// The golden stores: a small store of each format version, written once and kept in golden/, with recycled segments, an
// index, copies, dead letters, retries and notes; from version 2 on with keys, costs, classes and spends of keys.
// Whatever becomes of the program, it opens these stores and finds this in them. FOREBAY_GOLDEN_OUT=DIR writes a new
// one: for a new format version only, beside those.
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

constexpr Sequence held_sequence = 1997;
constexpr int64_t held_until_ms = 1'700'000'990'000;

// What version 1 had no room for, and from version 3 on a message that is held.
MessageFacts facts_of(Sequence sequence, int version) {
  MessageFacts facts;
  if (version == 1) return facts;
  facts.klass = static_cast<uint8_t>(sequence % 4);
  facts.key = sequence % 3 == 0 ? 0 : sequence * 0x9e3779b97f4a7c15;
  facts.cost = static_cast<uint32_t>(sequence % 5 == 0 ? 1000 + sequence : 1);
  if (version >= 3 && sequence == held_sequence) {
    facts.held = true;
    facts.due_ms = held_until_ms;
  }
  return facts;
}

bool is_spent(Sequence sequence) {
  return sequence <= 1950 && sequence % 25 == 1 && !stays(sequence);
}

int64_t settled_ms(Sequence sequence) {
  return 1'700'000'000'000 + static_cast<int64_t>(sequence) * 2000;  // over two hours
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
    rig.append(body_of(sequence), sequence % 2 == 0 ? sms : audit, facts_of(sequence, 3));
    if (sequence % 10 == 0) rig.commit();
    if (sequence <= 50 || stays(sequence - 50)) continue;
    const Sequence settled = sequence - 50;
    const MessageFacts facts = facts_of(settled, 3);
    if (is_spent(settled)) rig.journal->key_spent(65'537, facts.key, settled_ms(settled), facts.cost);
    rig.journal->settle(settled, Settlement::delivered);
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

MemoryFiles read_golden(int version) {
  MemoryFiles disk;
  for (const auto& entry : std::filesystem::directory_iterator(FOREBAY_GOLDEN_DIR "/v" + std::to_string(version))) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto node = std::make_shared<MemoryFiles::Node>();
    const auto bytes = std::as_bytes(std::span(text));
    node->bytes.assign(bytes.begin(), bytes.end());
    disk.nodes[entry.path().filename().string()] = std::move(node);
  }
  return disk;
}

std::vector<KeySpend> spends_in(Rig& rig) {
  std::vector<KeySpend> spends;
  rig.journal->key_spends(0, [&](uint32_t set, KeyHash key, int64_t settled, uint32_t cost) {
    spends.push_back({set, cost, key, settled});
  });
  return spends;
}

std::vector<KeySpend> golden_spends(int version) {
  std::vector<KeySpend> spends;
  for (Sequence sequence = 1; version > 1 && sequence <= 2000; ++sequence) {
    const MessageFacts facts = facts_of(sequence, version);
    if (is_spent(sequence)) spends.push_back({65'537, facts.cost, facts.key, settled_ms(sequence)});
  }
  return spends;
}

void expect_golden(MemoryFiles& disk, int version) {
  Rig rig(disk);
  open_small(rig);
  ASSERT_NE(rig.journal, nullptr);
  EXPECT_EQ(spends_in(rig), golden_spends(version));
  std::set<Sequence> found;
  for (const RecoveredMessage& message : rig.recovered) {
    const Sequence sequence = message.facts.sequence;
    found.insert(sequence);
    EXPECT_EQ(message.facts.klass, facts_of(sequence, version).klass);
    EXPECT_EQ(message.facts.key, facts_of(sequence, version).key);
    EXPECT_EQ(message.facts.cost, facts_of(sequence, version).cost);
    EXPECT_EQ(rig.fetch(sequence), body_of(sequence));
    EXPECT_EQ(message.facts.queue, sequence % 2 == 0 ? 1 : 2);
    EXPECT_EQ(message.attempts, sequence == 1993 ? 3 : sequence == 1994 ? 10 : sequence == 1995 ? 1 : 0) << sequence;
    EXPECT_EQ(message.dead, sequence == 1994);
    EXPECT_EQ(message.crashed_in_flight, sequence == 1995);
    EXPECT_EQ(message.revived, sequence == 1996) << "from before checkpoints had a flag for it";
    const MessageFacts written = facts_of(sequence, version);
    EXPECT_EQ(message.facts.held, written.held) << sequence;
    EXPECT_EQ(message.facts.due_ms, sequence == 1993   ? 1'700'000'123'000
                                    : sequence == 1996 ? 1'700'000'789'000
                                                       : written.due_ms);
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

class GoldenStore : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(, GoldenStore, ::testing::Values(1, 2, 3));

TEST_P(GoldenStore, OpensAndHoldsWhatItHeld) {
  MemoryFiles disk = read_golden(GetParam());
  ASSERT_TRUE(disk.nodes.contains("store"));
  std::string report;
  EXPECT_EQ(journal_verify(disk, &report), 0) << report;
  EXPECT_NE(report.find("format version " + std::to_string(GetParam())), std::string::npos) << report;
  uint32_t recycled = 0;
  for (const auto& [name, node] : disk.nodes) {
    uint32_t slot = 0, generation = 0;
    if (!parse_segment_name(name, &slot)) continue;
    std::memcpy(&generation, node->bytes.data() + 24, sizeof generation);
    recycled += generation > 1;
  }
  EXPECT_GT(recycled, 2u) << "segments used more than once";
  expect_golden(disk, GetParam());
}

// What is written from then on is of the newest version, so that an older program is told before it reads any of it.
TEST_P(GoldenStore, GoesOnInTheNewestVersion) {
  MemoryFiles disk = read_golden(GetParam());
  Sequence added = 0;
  {
    Rig rig(disk);
    open_small(rig);
    EXPECT_EQ(disk.bytes("store")[8], std::byte{format::version});
    added = rig.append("new", 1, {.cost = 12, .key = 34});
    rig.journal->key_spent(1, 34, 1'700'000'000'000, 12);
    rig.rest();
  }
  MemoryFiles left = disk.copy();
  std::string report;
  EXPECT_EQ(journal_verify(left, &report), 0) << report;
  Rig again(left);
  open_small(again);
  EXPECT_EQ(spends_in(again).size(), golden_spends(GetParam()).size() + 1);
  ASSERT_FALSE(again.recovered.empty());
  for (const RecoveredMessage& message : again.recovered) {
    const Sequence sequence = message.facts.sequence;
    const MessageFacts expected =
        sequence == added ? MessageFacts{.cost = 12, .key = 34} : facts_of(sequence, GetParam());
    EXPECT_EQ(message.facts.key, expected.key);
    EXPECT_EQ(message.facts.cost, expected.cost);
  }
  EXPECT_EQ(again.recovered.back().facts.sequence, added);
}

TEST(NewGoldenStore, IsStillWrittenTheSameWay) {
  MemoryFiles disk = make_golden();
  if (const char* out = std::getenv("FOREBAY_GOLDEN_OUT")) {
    for (const auto& [name, node] : disk.nodes) {
      std::ofstream file(std::filesystem::path(out) / name, std::ios::binary);
      file.write(reinterpret_cast<const char*>(node->bytes.data()), static_cast<std::streamsize>(node->bytes.size()));
    }
  }
  expect_golden(disk, format::version);
}

}  // namespace
}  // namespace forebay
