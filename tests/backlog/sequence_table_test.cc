#include "backlog/sequence_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace forebay {
namespace {

struct Twelve {
  uint32_t a, b, c;
  bool operator==(const Twelve&) const = default;
};

Twelve value_of(Sequence sequence, uint32_t salt) {
  return {static_cast<uint32_t>(sequence), static_cast<uint32_t>(sequence >> 32), salt};
}

using Table = SequenceTable<Twelve>;

void expect_same(const Table& table, const std::map<Sequence, Twelve>& oracle) {
  ASSERT_EQ(table.size(), oracle.size());
  auto expected = oracle.begin();
  table.for_each([&](Sequence sequence, const Twelve& value) {
    ASSERT_NE(expected, oracle.end());
    ASSERT_EQ(sequence, expected->first);
    ASSERT_EQ(value, expected->second);
    ++expected;
  });
  ASSERT_EQ(expected, oracle.end());
  size_t alive = 0;
  table.for_each_bitmap([&](Sequence first, const SequenceTable<Twelve>::Bitmap& live) {
    for (uint32_t slot = 0; slot < 1024; ++slot) {
      const bool is_alive = live[slot / 64] >> (slot % 64) & 1;
      ASSERT_EQ(is_alive, oracle.contains(first + slot));
      alive += is_alive;
    }
  });
  ASSERT_EQ(alive, oracle.size());
  if (oracle.empty()) return;
  const Sequence first = oracle.begin()->first, last = oracle.rbegin()->first;
  for (const uint64_t part : {2, 3, 7}) {
    const Sequence from = first + (last - first) / part, count = std::min<Sequence>((last - first) / part + 1, 65'536);
    const auto begin = oracle.lower_bound(from), end = oracle.lower_bound(from + count);
    ASSERT_EQ(table.alive(from, count), static_cast<uint64_t>(std::distance(begin, end)));
  }
}

// Random inserts, finds and erases around a moving centre, so that blocks fill, thin out, empty and come
// back.
void run_against_oracle(uint32_t seed, uint64_t spread, int steps) {
  std::mt19937_64 random(seed);
  Table table;
  std::map<Sequence, Twelve> oracle;
  for (int step = 0; step < steps; ++step) {
    const Sequence sequence = 1 + random() % spread + (step / 4) * (spread / 512 + 1);
    const uint64_t kind = (random() + step / 3000) % 4;
    if (kind < 2) {
      const Twelve value = value_of(sequence, step);
      ASSERT_EQ(table.insert(sequence, value), oracle.emplace(sequence, value).second);
    } else if (kind == 2) {
      const auto at = oracle.lower_bound(sequence);
      ASSERT_EQ(table.next(sequence), at == oracle.end() ? 0 : at->first);
      if (at != oracle.end()) {
        ASSERT_NE(table.find(at->first), nullptr);
        ASSERT_EQ(*table.find(at->first), at->second);
        ASSERT_TRUE(table.erase(at->first));
        oracle.erase(at);
      }
    } else {
      ASSERT_EQ(table.contains(sequence), oracle.contains(sequence));
      ASSERT_EQ(table.erase(sequence), oracle.erase(sequence) == 1);
    }
  }
  expect_same(table, oracle);
}

TEST(SequenceTable, AgreesWithAMapInAnyOrderAndDensity) {
  for (const uint64_t spread : {100ull, 3'000ull, 60'000ull, 1ull << 40}) {
    SCOPED_TRACE(testing::Message() << "spread " << spread << ", seed 7");
    run_against_oracle(7, spread, 40'000);
  }
}

TEST(SequenceTable, ACopyStaysAsItWasWhateverBecomesOfTheOriginal) {
  std::mt19937_64 random(11);
  Table table;
  std::map<Sequence, Twelve> oracle;
  std::vector<std::pair<Table, std::map<Sequence, Twelve>>> pictures;
  for (uint32_t step = 0; step < 30'000; ++step) {
    if (step % 3'000 == 2'999) pictures.emplace_back(table, oracle);
    const Sequence sequence = 1 + random() % 6'000 + step / 10;
    const uint64_t kind = random() % 3;
    if (kind == 0) {
      ASSERT_EQ(table.erase(sequence), oracle.erase(sequence) == 1);
    } else if (kind == 1) {
      ASSERT_EQ(table.insert(sequence, value_of(sequence, step)),
                oracle.emplace(sequence, value_of(sequence, step)).second);
    } else if (Twelve* found = table.find(sequence)) {
      *found = oracle.at(sequence) = value_of(sequence, step);
    }
  }
  expect_same(table, oracle);
  for (const auto& [picture, then] : pictures) expect_same(picture, then);
}

TEST(SequenceTable, ACopyTakesNoMemoryUntilTheOriginalChanges) {
  Table table;
  for (Sequence sequence = 1; sequence <= 100'000; ++sequence) table.insert(sequence, value_of(sequence, 0));
  const Table picture = table;
  EXPECT_EQ(std::as_const(table).find(5'000), picture.find(5'000));  // the very same bytes
  table.find(5'000)->c = 1;
  EXPECT_NE(std::as_const(table).find(5'000), picture.find(5'000));
  EXPECT_EQ(picture.find(5'000)->c, 0u);
  EXPECT_EQ(std::as_const(table).find(50'000), picture.find(50'000));
}

RC_GTEST_PROP(SequenceTable, ManyAtOnceAreAsOneByOne, ()) {
  const auto first = *rc::gen::container<std::set<uint32_t>>(rc::gen::inRange<uint32_t>(1, 9000));
  const auto steps = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(1, 40));
  Table table;
  std::map<Sequence, Twelve> oracle;
  for (const uint32_t sequence : first) {
    table.insert(sequence, value_of(sequence, 1));
    oracle.emplace(sequence, value_of(sequence, 1));
  }
  std::vector<Sequence> rising;
  Sequence sequence = 0;
  for (const uint32_t step : steps) {
    sequence += step;
    if (!oracle.contains(sequence)) rising.push_back(sequence);
  }
  table.insert_rising(
      rising.size(), [&](size_t i) { return rising[i]; }, [&](size_t i) { return value_of(rising[i], 2); });
  for (const Sequence added : rising) oracle.emplace(added, value_of(added, 2));
  expect_same(table, oracle);
}

RC_GTEST_PROP(SequenceTable, KeepsWhatWasPutIn, ()) {
  const auto sequences = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(1, 5000));
  const auto gone = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(1, 5000));
  Table table;
  std::map<Sequence, Twelve> oracle;
  for (const uint32_t sequence : sequences) {
    RC_ASSERT(table.insert(sequence, value_of(sequence, 1)) == oracle.emplace(sequence, value_of(sequence, 1)).second);
  }
  for (const uint32_t sequence : gone) RC_ASSERT(table.erase(sequence) == (oracle.erase(sequence) == 1));
  expect_same(table, oracle);
}

TEST(SequenceTable, AFullTableCostsItsValuesAndAQuarterByteMore) {
  Table table;
  constexpr size_t count = 1 << 20;
  for (Sequence sequence = 1; sequence <= count; ++sequence) table.insert(sequence, value_of(sequence, 0));
  EXPECT_LE(static_cast<double>(table.memory_bytes()) / count, sizeof(Twelve) + 0.25);
}

TEST(SequenceTable, DrainingFreesTheMemory) {
  Table table;
  constexpr Sequence count = 200'000;
  for (Sequence sequence = 1; sequence <= count; ++sequence) table.insert(sequence, value_of(sequence, 0));
  const size_t full = table.memory_bytes();
  for (Sequence sequence = 1; sequence <= count; ++sequence) {
    if (sequence % 100 != 0) table.erase(sequence);  // one in a hundred stays: dead letters
  }
  EXPECT_LT(table.memory_bytes(), full / 10);
  for (Sequence sequence = 100; sequence <= count; sequence += 100) table.erase(sequence);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.memory_bytes(), 0u);
}

TEST(SequenceTable, AThinlySpreadTableStaysSmall) {
  Table table;
  for (Sequence sequence = 1; sequence <= 10'000; ++sequence) table.insert(sequence << 20, value_of(sequence, 0));
  EXPECT_LE(table.memory_bytes() / 10'000, 4 * sizeof(Twelve) + 230);
}

}  // namespace
}  // namespace forebay
