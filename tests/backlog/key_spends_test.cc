// The history of key limits: what was spent comes back after a kill, after a torn write, after hours; it is on the disk
// before the settle it belongs to, and never in the way of one.
#include "backlog/key_spends.h"

#include <gtest/gtest.h>

#include "backlog/format.h"
#include "backlog/offline.h"
#include "journal_rig.h"

namespace forebay {
namespace {

using Spends = std::vector<KeySpend>;

constexpr int64_t hour_ms = 3'600'000;
constexpr int64_t noon_ms = 472'222 * hour_ms;  // on the hour
constexpr std::string_view noon_name = "spends-00472222";

Spends told(Backlog& journal, int64_t since_ms = 0) {
  Spends spends;
  journal.key_spends(since_ms, [&](uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) {
    spends.push_back({set, cost, key, settled_ms});
  });
  return spends;
}

Spends told_after_a_kill(const MemoryFiles& disk, int64_t since_ms = 0) {
  MemoryFiles left = disk.copy();
  Rig again(left);
  again.open_or_fail();
  Spends spends = told(*again.journal, since_ms);
  EXPECT_EQ(again.journal->figures().key_spends_lost, 0u);
  return spends;
}

bool is_spends(const std::string& name) {
  return name.starts_with("spends-");
}

// A journal with messages to settle.
struct World {
  MemoryFiles disk;
  Rig rig{disk};
  std::vector<Sequence> sequences;

  World() {
    rig.open_or_fail();
    for (int i = 0; i < 100; ++i) sequences.push_back(rig.append("message"));
    rig.commit();
  }
  KeySpend spend(KeyHash key, int64_t settled_ms, uint32_t set = 3, uint32_t cost = 1) {
    rig.journal->key_spent(set, key, settled_ms, cost);
    return {set, cost, key, settled_ms};
  }
  void settle() {
    rig.journal->settle(sequences.back(), Settlement::delivered);
    sequences.pop_back();
  }
};

TEST(KeySpends, ComeBackAfterAKill) {
  World world;
  Spends all{world.spend(7, noon_ms), world.spend(UINT64_MAX, noon_ms + 5, 131'071, UINT32_MAX)};
  world.settle();
  world.rig.commit();
  all.push_back(world.spend(7, noon_ms + 5));
  world.settle();
  world.rig.commit();
  EXPECT_EQ(told_after_a_kill(world.disk), all);
  EXPECT_EQ(told_after_a_kill(world.disk, noon_ms + 5), (Spends{all[1], all[2]}));
  EXPECT_EQ(told_after_a_kill(world.disk, noon_ms + 6), Spends());
  EXPECT_EQ(told(*world.rig.journal), all) << "by the process that wrote them, too";
}

TEST(KeySpends, AreKeptByTheHourTheySettledIn) {
  World world;
  Spends all;
  for (int hour = 0; hour < 10; ++hour) {  // more than are open at a time
    all.push_back(world.spend(1, noon_ms + hour * hour_ms));
    all.push_back(world.spend(2, noon_ms + (hour + 1) * hour_ms - 1));
    world.settle();
    world.rig.rest();
  }
  EXPECT_TRUE(world.disk.nodes.contains(noon_name));
  EXPECT_TRUE(world.disk.nodes.contains("spends-00472231"));
  EXPECT_FALSE(world.disk.nodes.contains("spends-00472232"));
  EXPECT_EQ(told_after_a_kill(world.disk), all);
  EXPECT_EQ(told_after_a_kill(world.disk, all[15].settled_ms), Spends(all.begin() + 15, all.end()));
  // A late one goes to its own hour.
  const KeySpend late = world.spend(3, noon_ms + 9);
  world.rig.rest();
  all.insert(all.begin() + 2, late);
  EXPECT_EQ(told_after_a_kill(world.disk), all);
}

TEST(KeySpends, OfNobodyAreNoFile) {
  World world;
  world.settle();
  world.rig.rest();
  world.rig.journal->forget_key_spends(noon_ms);
  EXPECT_TRUE(told(*world.rig.journal).empty());
  world.rig.journal->close();
  world.rig.run_all();
  for (const auto& [name, node] : world.disk.nodes) EXPECT_FALSE(is_spends(name)) << name;
}

TEST(KeySpends, AreOnTheDiskBeforeTheirSettles) {
  World world;
  std::vector<std::string> calls;
  const auto note = [&](const std::string& call, const std::string& name) {
    if (is_spends(name)) calls.push_back(call + " spends");
    if (name.ends_with(".segment")) calls.push_back(call + " log");
    return 0;
  };
  world.spend(1, noon_ms);  // its file is made now
  world.rig.rest();
  world.disk.on_write = [&](const std::string& name, uint64_t, size_t) { return note("write", name); };
  world.disk.on_sync = [&](const std::string& name) { return note("sync", name); };
  world.spend(2, noon_ms);
  world.settle();
  world.rig.commit();
  EXPECT_EQ(calls, (std::vector<std::string>{"write spends", "write log"})) << "nobody waits for their sync";
  world.rig.clock.time = world.rig.clock.time + settles_wait;
  world.rig.commit();
  EXPECT_EQ(calls, (std::vector<std::string>{"write spends", "write log", "sync spends", "sync log"}));
  calls.clear();
  world.rig.rest();
  EXPECT_TRUE(calls.empty()) << "nothing new, nothing to sync";
}

TEST(KeySpends, OfATornTailAreCutAndTheRestGoesOn) {
  World world;
  Spends all;
  for (KeyHash key = 1; key <= 4; ++key) {
    all.push_back(world.spend(key, noon_ms + static_cast<int64_t>(key)));
    all.push_back(world.spend(key + 10, noon_ms + static_cast<int64_t>(key)));
    world.settle();
    world.rig.commit();  // written, not synced
  }
  const size_t size = world.disk.nodes.find(noon_name)->second->bytes.size();
  size_t most = 0;
  for (size_t kept = 0; kept < size; ++kept) {
    MemoryFiles left = world.disk.copy();
    left.bytes(std::string(noon_name)).resize(kept);
    Rig rig(left);
    rig.open_or_fail();
    Spends found = told(*rig.journal);
    EXPECT_EQ(found, Spends(all.begin(), all.begin() + static_cast<ptrdiff_t>(found.size()))) << kept;
    EXPECT_EQ(found.size() % 2, 0u) << "a block counts as a whole";
    EXPECT_GE(found.size(), most);
    most = found.size();
    EXPECT_EQ(rig.journal->figures().key_spends_lost, 0u) << "nobody was told that they are kept";
    rig.journal->key_spent(9, 99, noon_ms + 99, 2);
    rig.commit();
    found.push_back({9, 2, 99, noon_ms + 99});
    EXPECT_EQ(told_after_a_kill(left), found);
  }
  EXPECT_EQ(most, all.size() - 2);
}

// A power cut keeps any of what was not synced: a block that is gone takes those behind it along, and they stay away.
TEST(KeySpends, AGapThatNothingVouchesForIsATornTail) {
  World world;
  const KeySpend kept = world.spend(1, noon_ms);
  world.rig.rest();
  const size_t synced = world.disk.bytes(std::string(noon_name)).size();
  for (KeyHash key = 2; key <= 3; ++key) {
    world.spend(key, noon_ms);
    world.rig.commit();
  }
  MemoryFiles left = world.disk.copy();
  std::memset(left.bytes(std::string(noon_name)).data() + synced, 0, 40);
  std::string report;
  EXPECT_EQ(journal_verify(left, &report), 0) << report;
  EXPECT_NE(report.find(std::string(noon_name) + ": torn tail"), std::string::npos) << report;
  EXPECT_EQ(told_after_a_kill(left), Spends{kept});
  Rig rig(left);
  rig.open_or_fail();
  rig.journal->key_spent(3, 4, noon_ms, 1);
  rig.rest();
  rig.journal->key_spent(3, 5, noon_ms, 1);
  rig.rest();
  EXPECT_EQ(told_after_a_kill(left), (Spends{kept, {3, 1, 4, noon_ms}, {3, 1, 5, noon_ms}})) << "and no damage";
}

TEST(KeySpends, DamageIsSaidAndTheRestIsTold) {
  World world;
  Spends all;
  for (KeyHash key = 1; key <= 3; ++key) {
    all.push_back(world.spend(key, noon_ms));
    world.rig.rest();
  }
  const size_t block = format::spends_block_header_bytes + format::spend_bytes + format::spends_block_trailer_bytes;
  for (size_t at = format::spends_header_bytes; at < format::spends_header_bytes + 2 * block; ++at) {
    MemoryFiles left = world.disk.copy();
    left.bytes(std::string(noon_name))[at] ^= std::byte{4};
    std::string report;
    EXPECT_EQ(journal_verify(left, &report), 1) << report;
    EXPECT_NE(report.find("WRONG: " + std::string(noon_name)), std::string::npos) << report;
    Rig rig(left);
    rig.open_or_fail();
    Spends rest = all;
    rest.erase(rest.begin() + (at < format::spends_header_bytes + block ? 0 : 1));
    EXPECT_EQ(told(*rig.journal), rest) << at;
    EXPECT_GT(rig.journal->figures().key_spends_lost, 0u);
  }
}

TEST(KeySpends, ADamagedHeaderIsMendedAndAnotherStoresFileIsNotRead) {
  World world;
  const Spends all{world.spend(1, noon_ms)};
  world.rig.rest();
  MemoryFiles left = world.disk.copy();
  left.bytes(std::string(noon_name))[3] ^= std::byte{1};
  EXPECT_EQ(told_after_a_kill(left), all);
  std::string report;
  EXPECT_EQ(journal_verify(left, &report), 1) << report;
  Rig mending(left);
  mending.open_or_fail();
  EXPECT_EQ(told(*mending.journal), all);
  report.clear();
  EXPECT_EQ(journal_verify(left, &report), 0) << report;
  EXPECT_NE(report.find(std::string(noon_name) + ": 1 spends of keys in 1 blocks"), std::string::npos) << report;
  MemoryFiles foreign;
  KeySpends theirs(foreign, 78);
  theirs.write(all);
  MemoryFiles mixed = world.disk.copy();
  mixed.nodes[std::string(noon_name)] = foreign.nodes.at(std::string(noon_name));
  EXPECT_EQ(told_after_a_kill(mixed), Spends());
}

TEST(KeySpends, ThatCannotBeWrittenAreCountedAndNothingWaitsForThem) {
  World world;
  const KeySpend before = world.spend(1, noon_ms);
  world.rig.rest();
  world.rig.committed.clear();
  world.disk.on_write = [](const std::string& name, uint64_t, size_t) { return is_spends(name) ? ENOSPC : 0; };
  world.spend(2, noon_ms);
  world.spend(3, noon_ms + hour_ms);  // a file that cannot be made
  world.settle();
  world.rig.append("more");
  const uint64_t batch = world.rig.commit();
  EXPECT_EQ(world.rig.committed, (std::vector<std::pair<uint64_t, int>>{{batch, 0}}));
  EXPECT_EQ(world.rig.journal->figures().key_spends_lost, 2u);
  EXPECT_TRUE(world.rig.broken.empty());
  EXPECT_FALSE(world.rig.journal->figures().refusing);
  world.disk.on_write = nullptr;
  const KeySpend after = world.spend(4, noon_ms);
  world.rig.commit();
  EXPECT_EQ(world.rig.journal->figures().key_spends_lost, 2u);
  EXPECT_EQ(told_after_a_kill(world.disk), (Spends{before, after}));
}

TEST(KeySpends, AFailedSyncEndsIt) {
  World world;
  world.disk.on_sync = [](const std::string& name) { return is_spends(name) ? EIO : 0; };
  world.spend(1, noon_ms);
  world.settle();
  world.rig.committed.clear();
  world.rig.rest();
  EXPECT_EQ(world.rig.broken.size(), 1u);
  EXPECT_TRUE(world.rig.committed.empty());
}

TEST(KeySpends, AreForgottenByWholeHours) {
  World world;
  Spends all;
  for (int hour = 0; hour < 6; ++hour) all.push_back(world.spend(1, noon_ms + hour * hour_ms + 5));
  world.rig.rest();
  const uint64_t live = world.rig.journal->figures().live_bytes;
  world.rig.journal->forget_key_spends(noon_ms + 3 * hour_ms + 10);
  world.rig.run_all();
  EXPECT_EQ(told(*world.rig.journal), Spends(all.begin() + 3, all.end())) << "the hour is not over";
  EXPECT_EQ(std::ranges::count_if(world.disk.nodes, [](const auto& node) { return is_spends(node.first); }), 3);
  const uint64_t bytes = world.disk.nodes.find("spends-00472226")->second->bytes.size();
  EXPECT_EQ(world.rig.journal->figures().live_bytes, live - 3 * bytes);
  const KeySpend late = world.spend(2, noon_ms);
  world.rig.rest();
  EXPECT_EQ(told_after_a_kill(world.disk).front(), late) << "a file that was forgotten begins anew";
}

TEST(KeySpends, CountAgainstMaxBytes) {
  const auto messages_that_fit = [](int spends) {
    MemoryFiles disk;
    Rig rig(disk);
    rig.options.max_bytes = 2 << 20;
    rig.open_or_fail();
    for (int i = 0; i < spends; ++i) rig.journal->key_spent(1, 7, noon_ms, 1);
    rig.rest();
    int messages = 0;
    for (; rig.journal->room(10'000) == 0; ++messages) rig.append(std::string(10'000, 'x')), rig.commit();
    EXPECT_EQ(rig.journal->room(10'000), ENOSPC);
    EXPECT_LE(disk.total_bytes(), rig.options.max_bytes);
    return messages;
  };
  const int without = messages_that_fit(0);
  const int with = messages_that_fit(30'000);  // 600 kB
  EXPECT_NEAR(without - with, 60, 10);
}

// After a failed sync the page cache may hold what the disk never got: what nothing vouches for is written again.
TEST(KeySpends, AreMadeSureOfBeforeTheyAreBelieved) {
  World world;
  world.spend(1, noon_ms);
  world.rig.rest();
  world.spend(2, noon_ms);
  world.settle();
  world.rig.commit();  // not synced
  MemoryFiles killed = world.disk.copy();
  int writes = 0, syncs = 0;
  const auto count = [&](MemoryFiles& disk) {
    writes = syncs = 0;
    disk.on_write = [&](const std::string& name, uint64_t, size_t) { return writes += is_spends(name), 0; };
    disk.on_sync = [&](const std::string& name) { return syncs += is_spends(name), 0; };
  };
  Rig again(killed);
  again.open_or_fail();
  count(killed);
  EXPECT_EQ(told(*again.journal).size(), 2u);
  EXPECT_GT(writes, 0);
  EXPECT_EQ(syncs, 1);
  again.journal->close();
  again.run_all();
  MemoryFiles stopped = killed.copy();
  Rig last(stopped);
  last.open_or_fail();
  count(stopped);
  EXPECT_EQ(told(*last.journal).size(), 2u);
  EXPECT_EQ(writes + syncs, 0) << "a stop in good order vouches for all";
  last.journal->key_spent(3, 3, noon_ms, 1);
  last.rest();
  EXPECT_EQ(told_after_a_kill(stopped).size(), 3u);
}

}  // namespace
}  // namespace forebay
