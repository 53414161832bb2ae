// Two million keys for a virtual day, and what they take.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <cstdio>
#include <deque>
#include <random>
#include <unordered_map>

#include "key_world.h"

namespace forebay {
namespace {

const KeyWorld::Set set{key_window(1, Duration::minutes(1)), key_window(5, Duration::hours(1)),
                        key_window(10, Duration::days(1))};

// Every key by itself: the settles of the last day, and what they say about the next send.
class Deques {
 public:
  Instant next(KeyHash key, Instant now) {
    std::deque<Instant>& sent = sent_[key];
    Instant next = now;
    for (const LimitConfig& window : set) {
      if (sent.size() >= window.count)
        next = std::max(next, sent[sent.size() - window.count] + WindowLimit::hold_of(window.per));
    }
    return next;
  }
  void settled(KeyHash key, Instant now) {
    sent_[key].push_back(now);
    if (sent_[key].size() > 10) sent_[key].pop_front();
  }

 private:
  std::unordered_map<KeyHash, std::deque<Instant>> sent_;
};

TEST(KeyLimitsScale, ADayOfTwoMillionKeysIsExactAndWithinItsMemory) {
  constexpr uint64_t seed = 20, keys = 2'000'000, sends = 9'000'000;
  std::printf("  seed %lu\n", static_cast<unsigned long>(seed));
  KeyMemory memory{192 << 20};
  KeyLimits limits(set, OnKeyOverflow::hold, Duration::seconds(10), memory);
  Deques exact;
  std::mt19937_64 random(seed);
  Now now = at(Instant{1});
  uint64_t asked = 0, passed = 0, wrong = 0, most = 0, bytes_most = 0;
  for (uint64_t i = 0; i < sends; i++) {
    now.steady = now.steady + Duration::days(1) / static_cast<int64_t>(sends);
    // Each key in turn, and between them a heavy tail: half of those sends go to a seventieth of the keys.
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    const uint64_t who =
        i % 3 == 0 ? i / 3 % keys : static_cast<uint64_t>(static_cast<double>(keys) * std::pow(u, 6.0));
    const KeyHash key = KeyTable::mix(1 + who);
    const Instant next = limits.next(key, now, 1);
    const bool sampled = key % 64 == 0;
    if (sampled) asked++, wrong += next != exact.next(key, now.steady);
    if (i % 104 == 0) limits.age(now);  // each second
    if (next > now.steady) continue;
    passed++;
    limits.take(key, now, 1);
    limits.settle(key, {now.steady, 1}, now, SettledAs::ok);
    if (sampled) exact.settled(key, now.steady);
    most = std::max(most, limits.keys());
    bytes_most = std::max(bytes_most, memory.bytes_used);
  }
  std::printf("  %lu of %lu passed, %lu asked of the sample; %lu keys, %.1f MB, %.1f bytes a key\n",
              static_cast<unsigned long>(passed), static_cast<unsigned long>(sends), static_cast<unsigned long>(asked),
              static_cast<unsigned long>(most), static_cast<double>(bytes_most) / 1e6,
              static_cast<double>(bytes_most) / static_cast<double>(most));
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(most, keys);
  EXPECT_GT(asked, sends / 128);
  EXPECT_LE(bytes_most, memory.bytes_max);
}

// 2 sends each: at most 56 bytes a key at any number of keys, as we count and as the C library does.
TEST(KeyLimitsScale, AQuietKeyTakesFiftySixBytesAtMost) {
  KeyMemory memory{512 << 20};
  const auto before = mallinfo2();
  KeyLimits limits(set, OnKeyOverflow::hold, Duration::seconds(10), memory);
  double worst = 0;
  constexpr uint64_t keys = 2'000'000;
  for (uint64_t key = 1; key <= keys; key++) {
    limits.spent(key, Instant{1}, 1, at(Instant{5}));
    limits.spent(key, Instant{2}, 1, at(Instant{5}));
    if (key >= 100'000) worst = std::max(worst, static_cast<double>(memory.bytes_used) / static_cast<double>(key));
  }
  const auto after = mallinfo2();
  const double counted = static_cast<double>(memory.bytes_used) / keys;
  const double real = static_cast<double>(after.uordblks - before.uordblks + after.hblkhd - before.hblkhd) / keys;
  std::printf(
      "  2 sends a key, %lu keys: %.1f bytes counted, %.1f by the C library, %.1f at worst from 100,000 keys on\n",
      static_cast<unsigned long>(keys), counted, real, worst);
  EXPECT_LE(worst, 56.0);
#if !defined(__SANITIZE_ADDRESS__)  // whose allocator counts nothing
  EXPECT_NEAR(real, counted, 0.5);
#endif
  const Now later = at(Instant{5} + Duration::days(2));
  for (uint64_t i = 0; i < keys / 2048 + 2; i++) limits.age(later);
  EXPECT_EQ(limits.keys(), 0u);
  EXPECT_EQ(memory.bytes_used, 0u);
}

// An attack with ever new keys: histories are dropped as fast as they come, though nobody calls age().
TEST(KeyLimitsScale, EverNewKeysAgeOutAsFastAsTheyCome) {
  KeyMemory memory{512 << 20};
  KeyLimits limits(KeyWorld::Set{key_window(1, Duration::seconds(1))}, OnKeyOverflow::hold, Duration::seconds(10),
                   memory);
  Now now = at(Instant{1});
  for (KeyHash key = 1; key <= 2'000'000; key++) {
    limits.take(key, now, 1);
    limits.settle(key, {now.steady, 1}, now, SettledAs::ok);
    now.steady = now.steady + Duration::microseconds(10);
    ASSERT_LE(limits.keys(), 110'000u);
  }
}

}  // namespace
}  // namespace forebay
