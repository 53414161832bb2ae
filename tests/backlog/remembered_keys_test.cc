// Idempotency-Keys in the journal: known as soon, as long and as surely as the messages they stand for.
#include "backlog/remembered_keys.h"

#include <gtest/gtest.h>

#include "backlog/format.h"
#include "backlog/offline.h"
#include "journal_rig.h"

namespace forebay {
namespace {

constexpr uint64_t key = 0x123456789abcdef0;
constexpr uint64_t content = 77;
constexpr Duration window = Duration::seconds(2);
constexpr std::string_view first_file = "keys-00000001";

struct World {
  MemoryFiles disk;
  Rig rig{disk};

  World() { rig.open_or_fail(); }
  explicit World(MemoryFiles left, uint64_t keys_bytes = 0) : disk(std::move(left)) {
    if (keys_bytes > 0) rig.options.keys_bytes = keys_bytes;
    rig.open_or_fail();
  }

  // As many copies, neighbours, of one message.
  Sequence publish(uint64_t under, size_t copies = 1) {
    std::vector<MessageFacts> facts(copies);
    RememberedKey remembered{under, content, window, {}};
    const Sequence first = rig.journal->next_sequence();
    for (size_t i = 0; i < copies; ++i) {
      facts[i].sequence = first + i;
      facts[i].queue = static_cast<QueueId>(i + 1);
      facts[i].accepted_ms = rig.clock.now().wall.ms();
      facts[i].bytes = 8;
      remembered.copies.push_back({first + i, facts[i].queue, 0});
    }
    rig.journal->append(facts, "meta", "body");
    rig.journal->remember(remembered);
    return first;
  }
  void settle(Sequence sequence) {
    rig.journal->settle(sequence, Settlement::delivered);
    rig.rest();
  }
  std::vector<RememberedKey> known(uint64_t under) {
    std::vector<RememberedKey> all;
    rig.journal->read_keys(under, rig.journal->key_places(under), [&](int error, std::vector<RememberedKey> found) {
      EXPECT_EQ(error, 0);
      std::erase_if(found, [&](const RememberedKey& one) { return !rig.journal->still_remembered(one); });
      all = std::move(found);
    });
    rig.run_all();
    return all;
  }
  // The first sequence of what the key stands for; 0: nothing.
  Sequence find(uint64_t under) {
    const auto all = known(under);
    EXPECT_LE(all.size(), 1u);
    return all.empty() ? 0 : all[0].copies[0].sequence;
  }
  void advance(Duration by) { rig.clock.time = rig.clock.time + by; }
};

Sequence found_after_a_kill(const MemoryFiles& disk, uint64_t under) {
  World again(disk.copy());
  return again.find(under);
}

TEST(RememberedKeys, AKeyIsKnownOnceItsMessageIsDurableAndAfterAKill) {
  World world;
  const Sequence sequence = world.publish(key);
  EXPECT_EQ(world.find(key), 0u);
  world.rig.commit();
  const auto known = world.known(key);
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].content, content);
  EXPECT_EQ(known[0].window, window);
  EXPECT_EQ(known[0].copies[0].sequence, sequence);
  EXPECT_EQ(world.find(key + 1), 0u);
  EXPECT_EQ(found_after_a_kill(world.disk, key), sequence);
}

TEST(RememberedKeys, ItIsForgottenWhenItsWindowIsOverToTheMillisecond) {
  World world;
  const Sequence sequence = world.publish(key);
  world.rig.commit();
  world.advance(Duration::days(300));
  EXPECT_EQ(world.find(key), sequence) << "it waits still";
  const Instant ended = world.rig.clock.time;
  world.settle(sequence);
  world.rig.clock.time = ended + window - Duration::milliseconds(1);
  EXPECT_EQ(world.find(key), sequence);
  world.rig.clock.time = ended + window;
  EXPECT_EQ(world.find(key), 0u);
}

TEST(RememberedKeys, ItMayBeUsedAgainOnceItIsForgotten) {
  World world;
  world.settle((world.publish(key), world.rig.commit(), 1));
  world.advance(window);
  const Sequence second = world.publish(key);
  world.rig.commit();
  EXPECT_EQ(world.find(key), second);
  EXPECT_EQ(found_after_a_kill(world.disk, key), second);
}

TEST(RememberedKeys, TheEndIsRememberedAcrossARestart) {
  World world;
  world.settle((world.publish(key), world.rig.commit(), 1));
  const Instant ended = world.rig.clock.time;
  World again(world.disk.copy());
  again.rig.clock.time = ended + window - settles_wait - Duration::milliseconds(1);
  EXPECT_EQ(again.find(key), 1u);
  again.rig.clock.time = ended + window;
  EXPECT_EQ(again.find(key), 0u);
}

TEST(RememberedKeys, AnEndThatACrashTookCountsFromTheStart) {
  World world;
  world.publish(key);
  world.publish(key + 1);  // keeps the file
  world.rig.commit();
  world.settle(1);
  auto& bytes = world.disk.bytes(std::string(first_file));
  std::fill_n(bytes.begin() + format::keys_header_bytes + format::key_record_end, 8, std::byte{0});
  MemoryFiles left = world.disk.copy();
  World again(std::move(left));
  again.rig.clock.time = again.rig.clock.time + window - Duration::milliseconds(1);
  EXPECT_EQ(again.find(key), 1u) << "longer, never shorter";
  again.advance(Duration::milliseconds(1));
  EXPECT_EQ(again.find(key), 0u);
}

TEST(RememberedKeys, OneKeyStandsForAllCopiesUntilTheLastIsFinished) {
  World world;
  world.publish(key + 5);
  const Sequence first = world.publish(key, 3);
  world.rig.commit();
  for (const Sequence copy : {first, first + 2}) world.settle(copy);
  world.advance(Duration::days(1));
  World again(world.disk.copy());
  const auto known = again.known(key);
  ASSERT_EQ(known.size(), 1u);
  ASSERT_EQ(known[0].copies.size(), 3u);
  EXPECT_EQ(known[0].copies[2].sequence, first + 2);
  EXPECT_EQ(known[0].copies[2].queue, 3);
  again.settle(first + 1);
  EXPECT_EQ(again.find(key), first);
  again.advance(window);
  EXPECT_EQ(again.find(key), 0u);
  EXPECT_EQ(again.find(key + 5), first - 1);
}

TEST(RememberedKeys, NothingIsRememberedOfAMessageThatWasNotKept) {
  World world;
  world.publish(key + 1);
  world.rig.commit();
  world.disk.on_write = [](const std::string& name, uint64_t, size_t) {
    return name.ends_with(".segment") ? ENOSPC : 0;
  };
  world.publish(key);
  world.rig.commit();
  ASSERT_EQ(world.rig.committed.back().second, ENOSPC);
  EXPECT_EQ(world.find(key), 0u);
  EXPECT_EQ(found_after_a_kill(world.disk, key), 0u);
  world.disk.on_write = nullptr;
  world.advance(Duration::seconds(2));
  world.rig.commit();
  const Sequence next = world.publish(key + 2);
  world.rig.commit();
  EXPECT_EQ(found_after_a_kill(world.disk, key), 0u);
  EXPECT_EQ(found_after_a_kill(world.disk, key + 1), 1u);
  EXPECT_EQ(found_after_a_kill(world.disk, key + 2), next);
}

TEST(RememberedKeys, AKeyThatCannotBeWrittenFailsItsMessage) {
  World world;
  world.disk.on_write = [](const std::string& name, uint64_t, size_t) { return name.starts_with("keys-") ? EIO : 0; };
  world.publish(key);
  world.rig.commit();
  EXPECT_EQ(world.rig.committed.back().second, EIO);
  World again(world.disk.copy());
  EXPECT_TRUE(again.rig.recovered.empty());
}

// What the disk refuses a moment later must not take back what an earlier commit remembers.
TEST(RememberedKeys, ACommitWithoutKeysThatFailsTakesNothingBack) {
  World world;
  const Sequence sequence = world.publish(key);
  world.rig.commit();
  world.disk.on_write = [](const std::string& name, uint64_t, size_t) {
    return name.ends_with(".segment") ? ENOSPC : 0;
  };
  world.rig.append("without a key");
  world.rig.commit();
  ASSERT_EQ(world.rig.committed.back().second, ENOSPC);
  EXPECT_EQ(world.find(key), sequence);
  EXPECT_EQ(found_after_a_kill(world.disk, key), sequence);
}

// Between the key's write and its message's.
TEST(RememberedKeys, AKeyWhoseMessageWasNeverWrittenIsForgotten) {
  World world;
  world.publish(key + 1);
  world.rig.commit();
  std::optional<MemoryFiles> left;
  world.disk.on_write = [&](const std::string& name, uint64_t, size_t) {
    if (name.ends_with(".segment") && !left) left = world.disk.copy();
    return 0;
  };
  world.publish(key);
  world.rig.commit();
  ASSERT_TRUE(left);
  std::string report;
  EXPECT_EQ(journal_verify(*left, &report), 0) << report;
  EXPECT_NE(report.find("keys-00000001: 1 copies"), std::string::npos) << report;
  World again(std::move(*left));
  EXPECT_EQ(again.find(key), 0u);
  again.rig.append("without a key");
  again.rig.commit();
  EXPECT_EQ(again.find(key), 0u);
  EXPECT_EQ(found_after_a_kill(again.disk, key), 0u);
  EXPECT_EQ(found_after_a_kill(again.disk, key + 1), 1u);
}

TEST(RememberedKeys, KeysAreSyncedBeforeTheirMessages) {
  World world;
  world.rig.commit();
  std::vector<std::string> synced;
  world.disk.on_sync = [&](const std::string& name) { return synced.push_back(name), 0; };
  world.publish(key);
  world.rig.commit();
  const auto keys = std::ranges::find(synced, first_file);
  const auto segment = std::ranges::find_if(synced, [](const auto& name) { return name.ends_with(".segment"); });
  ASSERT_NE(segment, synced.end());
  EXPECT_LT(keys, segment);
}

TEST(RememberedKeys, AFailedSyncOfKeysEndsIt) {
  World world;
  world.disk.on_sync = [](const std::string& name) { return name.starts_with("keys-") ? EIO : 0; };
  world.publish(key);
  world.rig.commit();
  EXPECT_TRUE(world.rig.committed.empty());
  ASSERT_EQ(world.rig.broken.size(), 1u);
  EXPECT_NE(world.rig.broken[0].find(first_file), std::string::npos);
}

TEST(RememberedKeys, WhenFullThereIsNoRoomUntilAFileIsOver) {
  constexpr uint64_t bound = 16 * 64 * format::key_record_bytes;
  World world(MemoryFiles{}, bound);
  std::vector<Sequence> sequences;
  while (world.rig.journal->key_room(1)) {
    sequences.push_back(world.publish(sequences.size() + 1));
    world.rig.commit();
  }
  EXPECT_GT(sequences.size(), 900u);
  EXPECT_EQ(world.find(1), sequences[0]);
  uint64_t bytes = 0;
  for (const auto& [name, node] : world.disk.nodes) bytes += name.starts_with("keys-") ? node->bytes.size() : 0;
  EXPECT_LE(bytes, bound);
  for (size_t i = 0; i < 64; ++i) world.rig.journal->settle(sequences[i], Settlement::delivered);
  world.rig.rest();
  world.advance(window - Duration::milliseconds(100));
  world.rig.rest();
  EXPECT_FALSE(world.rig.journal->key_room(1)) << "the window of the first file is not over";
  world.advance(Duration::seconds(1));
  world.rig.rest();
  EXPECT_TRUE(world.rig.journal->key_room(1));
  EXPECT_FALSE(world.disk.nodes.contains(first_file)) << "the first file went, as a whole";
  EXPECT_EQ(world.find(65), sequences[64]);
}

TEST(RememberedKeys, DamageIsSaidAndCostsItsOwnKeysOnly) {
  World world;
  for (uint64_t i = 1; i <= 20; ++i) {
    world.publish(i);
    world.rig.commit();
  }
  MemoryFiles left = world.disk.copy();
  left.bytes(std::string(first_file)).at(format::keys_header_bytes + 4 * format::key_record_bytes + 3) ^= std::byte{1};
  std::string report;
  EXPECT_EQ(journal_verify(left, &report), 1);
  EXPECT_NE(report.find("WRONG: keys-00000001: 1 records damaged"), std::string::npos) << report;
  World again(std::move(left));
  EXPECT_EQ(again.rig.journal->figures().key_records_lost, 1u);
  ASSERT_EQ(again.rig.journal->recovery().complaints.size(), 1u);
  for (uint64_t i = 1; i <= 20; ++i) EXPECT_EQ(again.find(i), i == 5 ? 0 : i);
}

TEST(RememberedKeys, DamageWhileItRunsIsCountedAndForgets) {
  World world;
  world.publish(key);
  world.rig.commit();
  world.disk.bytes(std::string(first_file)).at(format::keys_header_bytes + 3) ^= std::byte{1};
  EXPECT_EQ(world.find(key), 0u);
  EXPECT_EQ(world.rig.journal->figures().key_records_lost, 1u);
}

TEST(RememberedKeys, WhatCannotBeReadIsNotSaidToBeUnknown) {
  World world;
  world.publish(key);
  world.rig.commit();
  world.disk.on_read = [](const std::string& name) { return name.starts_with("keys-") ? EIO : 0; };
  int said = 0;
  world.rig.journal->read_keys(key, world.rig.journal->key_places(key),
                               [&](int error, const std::vector<RememberedKey>&) { said = error; });
  world.rig.run_all();
  EXPECT_EQ(said, EIO);
}

TEST(RememberedKeys, StatAndVerifyKnowTheFiles) {
  World world;
  world.publish(key, 2);
  world.rig.commit();
  std::string report;
  EXPECT_EQ(journal_verify(world.disk, &report), 0) << report;
  EXPECT_NE(report.find("keys-00000001: 2 copies under Idempotency-Keys"), std::string::npos) << report;
}

TEST(RememberedKeys, AMillionTakeFourBytesEach) {
  MemoryFiles disk;
  RememberedKeys keys(disk, {.store_id = 1});
  constexpr uint32_t files = 16, count = files * format::keys_per_file_max;
  std::vector<KeyRecord> records;
  for (uint64_t i = 0; i <= count; ++i) {
    records.push_back({.key = (i + 1) * 0x9e3779b97f4a7c15, .sequence = i + 1, .window = 200, .copies = 1});
    if (records.size() < 50'000 && i < count) continue;
    ASSERT_EQ(keys.write(records), 0);
    ASSERT_EQ(keys.sync(), "");
    records.clear();
  }
  ASSERT_GT(keys.records(), 1'000'000u);
  const double each = static_cast<double>(keys.memory_bytes()) / static_cast<double>(keys.records());
  RecordProperty("bytes_per_key", std::to_string(each));
  std::printf("%.2f bytes of memory a key, of %llu\n", each, static_cast<unsigned long long>(keys.records()));
  EXPECT_LE(each, 4.0);
  EXPECT_LE(keys.bytes(), 50.0 * count);
  size_t named = 0;
  for (uint64_t i = 0; i < 100'000; ++i) named += keys.find(i * 0x9e3779b97f4a7c15 + 12345).size();
  EXPECT_LT(named, 100'000u * files / 256) << "readings in vain: one in 512 a file";
  for (uint64_t i : {0u, 65'534u, 65'535u, 700'000u, count}) {
    std::vector<RememberedKey> found;
    for (const KeyPlace place : keys.find((i + 1) * 0x9e3779b97f4a7c15)) {
      ASSERT_EQ(keys.read((i + 1) * 0x9e3779b97f4a7c15, place, &found), 0);
    }
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].copies[0].sequence, i + 1);
  }
}

}  // namespace
}  // namespace forebay
