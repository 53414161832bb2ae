// Files of spends by themselves, without a journal around them: any batches, any bytes, many of them.
#include "backlog/spends_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ctime>

#include "backlog/key_spends.h"
#include "journal_rig.h"

namespace forebay {
namespace {

using Spends = std::vector<KeySpend>;

constexpr int64_t hour_ms = 3'600'000;
constexpr int64_t noon_ms = 472'222 * hour_ms;  // on the hour
constexpr std::string_view noon_name = "spends-00472222";

// Batches of any size over any hours, kills in between.
RC_GTEST_PROP(SpendsFiles, AllComeBackInOrderOfTheirHours, ()) {
  MemoryFiles disk;
  Spends all;
  for (int lives = *rc::gen::inRange(1, 4); lives > 0; --lives) {
    KeySpends spends(disk, 77);
    RC_ASSERT(spends.open() == 0);
    for (int batches = *rc::gen::inRange(0, 6); batches > 0; --batches) {
      const bool large = *rc::gen::inRange(0, 8) == 0;
      Spends batch(large ? 10'000 : *rc::gen::inRange<size_t>(0, 40));
      const auto hour = *rc::gen::inRange<size_t>(0, 5),
                 in_a_row = *rc::gen::inRange<size_t>(1, 9) * (large ? 1000 : 1);
      for (size_t i = 0; i < batch.size(); ++i) {
        const auto of = static_cast<int64_t>((hour + i / in_a_row) % 5);
        batch[i] = {3, static_cast<uint32_t>(i), all.size(), noon_ms + of * hour_ms + static_cast<int64_t>(i)};
        all.push_back(batch[i]);
      }
      spends.write(batch);
      if (*rc::gen::arbitrary<bool>()) RC_ASSERT(spends.sync().empty());
    }
    RC_ASSERT(spends.lost() == 0u);
    if (*rc::gen::arbitrary<bool>()) spends.close();
  }
  std::ranges::stable_sort(all, {}, [](const KeySpend& spend) { return hour_of(spend.settled_ms); });
  Spends found;
  KeySpends last(disk, 77);
  RC_ASSERT(last.open() == 0);
  last.replay(0, [&](const KeySpend& spend) { found.push_back(spend); });
  RC_ASSERT(found == all);
}

RC_GTEST_PROP(SpendsFiles, NonsenseIsNotFollowed, ()) {
  MemoryFiles disk;
  KeySpends spends(disk, 77);
  Spends all;
  for (KeyHash key = 0; key < 20; ++key) all.push_back({1, 1, key, noon_ms});
  spends.write(all);
  auto& bytes = disk.bytes(std::string(noon_name));
  for (int left = *rc::gen::inRange(1, 200); left > 0; --left) {
    bytes[*rc::gen::inRange<size_t>(0, bytes.size())] = std::byte{*rc::gen::arbitrary<uint8_t>()};
  }
  KeySpends again(disk, 77);
  RC_ASSERT(again.open() == 0);
  again.replay(0, [&](const KeySpend& spend) { RC_ASSERT(spend == all[spend.key]); });
}

TEST(SpendsFilesSpeed, AMillionAreReplayedQuickly) {
  MemoryFiles disk;
  constexpr int count = 1'000'000;
  {
    KeySpends spends(disk, 77);
    Spends batch(50);
    for (int i = 0; i < count; i += 50) {
      for (int k = 0; k < 50; ++k) batch[k] = {1, 1, static_cast<KeyHash>(i + k), noon_ms + (i + k) * 10};
      spends.write(batch);
      spends.sync();
    }
  }
  KeySpends spends(disk, 77);
  ASSERT_EQ(spends.open(), 0);
  uint64_t told = 0, sum = 0;
  const std::clock_t before = std::clock();
  spends.replay(noon_ms, [&](const KeySpend& spend) { ++told, sum += spend.key; });
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  std::printf("replay of 1,000,000 spends, %.1f MB: %.3f s of processor time\n",
              static_cast<double>(spends.bytes()) / 1e6, seconds);
  EXPECT_EQ(told, static_cast<uint64_t>(count));
  EXPECT_EQ(sum, uint64_t{count} * (count - 1) / 2);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(seconds, 0.2);
#endif
}

}  // namespace
}  // namespace forebay
