#include "sim/disk_file.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/bytes.h"

namespace forebay {
namespace {

using testing::repeated;

std::string text(const DiskFile& file) {
  std::string out(file.size(), '\0');
  file.read(0, std::as_writable_bytes(std::span(out)));
  return out;
}

std::string after_cut(DiskFile file, Forget forget, uint64_t tail_begins, uint64_t seed) {
  std::mt19937_64 random(seed);
  file.power_cut(forget, tail_begins, random);
  return text(file);
}

TEST(DiskFile, ForgetsEverythingThatWasNotSynced) {
  DiskFile file;
  file.write(1, 0, repeated('a', 700));
  file.sync();
  file.write(2, 100, repeated('b', 900));
  EXPECT_EQ(text(file), std::string(100, 'a') + std::string(900, 'b'));
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), std::string(700, 'a'));
  file.sync();
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), text(file));
  EXPECT_FALSE(file.has_unsynced());
}

TEST(DiskFile, LosesATailAtASectorOfTheOperationItBeginsWith) {
  DiskFile file;
  file.resize(1, 3 * kSectorBytes);
  file.sync();
  file.write(2, 0, repeated('b', kSectorBytes));
  file.write(3, kSectorBytes, repeated('c', 2 * kSectorBytes));
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 40; ++seed) seen.insert(after_cut(file, Forget::tail, 3, seed));
  std::string zero(kSectorBytes, '\0'), b(kSectorBytes, 'b'), c(kSectorBytes, 'c');
  EXPECT_EQ(seen, (std::set<std::string>{b + zero + zero, b + c + zero}));
  EXPECT_EQ(after_cut(file, Forget::tail, 4, 1), b + c + c);
}

TEST(DiskFile, AnyVersionOfASectorMayBeThereAfterACut) {
  DiskFile file;
  file.write(1, 0, repeated('a', kSectorBytes));
  file.sync();
  file.write(2, 0, repeated('b', 10));
  file.write(3, 10, repeated('c', 10));
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 60; ++seed) seen.insert(after_cut(file, Forget::random, 0, seed));
  std::string rest(kSectorBytes - 20, 'a'), a(10, 'a'), b(10, 'b'), c(10, 'c');
  // Never the second write without the first: they share a sector, and a sector is written whole.
  EXPECT_EQ(seen, (std::set<std::string>{a + a + rest, b + a + rest, b + c + rest}));
}

TEST(DiskFile, WhatWasCutOffReadsAsZeroAlsoOnTheMedium) {
  DiskFile file;
  file.write(1, 0, repeated('a', 600));
  file.sync();
  file.resize(2, 10);
  file.resize(3, 600);
  EXPECT_EQ(text(file), std::string(10, 'a') + std::string(590, '\0'));
  file.sync();
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), std::string(10, 'a') + std::string(590, '\0'));
}

TEST(DiskFile, AFailedSyncLosesWhatALaterGoodOneDoesNotSave) {
  DiskFile file;
  file.resize(1, 2 * kSectorBytes);
  file.sync();
  file.write(2, 0, repeated('b', kSectorBytes));
  file.fail_sync();
  file.write(3, kSectorBytes, repeated('c', kSectorBytes));
  file.sync();
  EXPECT_EQ(text(file), std::string(kSectorBytes, 'b') + std::string(kSectorBytes, 'c'));
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), std::string(kSectorBytes, '\0') + std::string(kSectorBytes, 'c'));
  file.write(4, 0, repeated('d', 1));  // the whole sector goes out again, as it is in memory
  file.sync();
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), text(file));
}

TEST(DiskFile, ASyncCoversTheSizeNeededToReadWhatItWrote) {
  DiskFile file;
  file.resize(1, 1024);
  file.fail_sync();
  file.write(2, 512, repeated('x', 512));
  file.sync();
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), std::string(512, '\0') + std::string(512, 'x'));
}

TEST(DiskFile, ASizeThatWasDroppedDoesNotTakeAwayWhatWasSyncedLater) {
  DiskFile file;
  file.write(1, 0, repeated('a', 100));
  file.fail_sync();
  file.write(2, 0, repeated('b', 300));
  file.sync();
  EXPECT_EQ(after_cut(file, Forget::all, 2, 1), std::string(300, 'b'));
  EXPECT_EQ(after_cut(file, Forget::tail, 2, 1), std::string(300, 'b'));
  for (uint64_t seed = 1; seed < 20; ++seed) EXPECT_EQ(after_cut(file, Forget::random, 2, seed), std::string(300, 'b'));
}

TEST(DiskFile, ADamagedByteIsDamagedForGood) {
  DiskFile file;
  file.write(1, 0, repeated('a', 4));
  file.flip(2, std::byte{3});
  EXPECT_EQ(text(file), "aaba");
  file.sync();
  EXPECT_EQ(after_cut(file, Forget::all, 0, 1), "aaba");
}

}  // namespace
}  // namespace forebay
