#include "sim/faulty_disk.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/sim/bytes.h"

namespace forebay {
namespace {

using testing::sorted_names;
using testing::text_of;
using testing::write_text;
using Mode = Files::Mode;

struct Open {
  explicit Open(FaultyDisk& disk, std::string_view name = "a") : files(disk.files()) {
    EXPECT_EQ(files->open(name, Mode::open_or_create, &file), 0);
  }
  std::unique_ptr<Files> files;
  std::unique_ptr<File> file;
};

TEST(FaultyDisk, NumbersTheCallsThatChangeIt) {
  FaultyDisk disk(1);
  Open open(disk);
  write_text(*open.file, 0, "x");
  open.file->sync();
  open.file->allocate(100);
  open.file->truncate(50);
  text_of(*open.file);
  open.files->rename("a", "b");
  open.files->sync_directory();
  open.files->remove("b");
  EXPECT_EQ(disk.operations(), 8u);
  std::string log = disk.log(5, 100);
  for (auto call : {"create", "write", "sync", "allocate", "truncate", "rename", "sync_directory", "remove"}) {
    EXPECT_NE(log.find(call), std::string::npos) << call;
  }
}

TEST(FaultyDisk, FailsTheOperationItIsToldTo) {
  FaultyDisk disk(1);
  Open open(disk);
  disk.plan({.kind = Fault::Kind::fail, .at = 3, .error = ENOSPC});
  EXPECT_EQ(write_text(*open.file, 0, "one"), 0);
  EXPECT_FALSE(disk.fault_happened());
  EXPECT_EQ(write_text(*open.file, 0, "two"), ENOSPC);
  EXPECT_TRUE(disk.fault_happened());
  EXPECT_EQ(text_of(*open.file), "one");
  EXPECT_EQ(write_text(*open.file, 0, "six"), 0);
  EXPECT_NE(disk.log(3).find("fail at operation 3"), std::string::npos);
}

TEST(FaultyDisk, FailsUntilLiftedAndOnlyTheCallsMeant) {
  FaultyDisk disk(1);
  Open open(disk);
  disk.plan({.at = 2, .until = kUntilLifted, .error = EIO, .calls = only(DiskCall::write)});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write_text(*open.file, 0, "x"), EIO);
    EXPECT_EQ(open.file->sync(), 0);
  }
  disk.lift();
  EXPECT_EQ(write_text(*open.file, 0, "x"), 0);
}

TEST(FaultyDisk, AShortWriteLeavesAPrefixOfItsSectors) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FaultyDisk disk(seed);
    Open open(disk);
    disk.plan({.kind = Fault::Kind::short_write, .at = 2});
    EXPECT_EQ(write_text(*open.file, 0, std::string(3 * kSectorBytes, 'x')), EIO);
    std::string left = text_of(*open.file);
    EXPECT_LT(left.size(), 3 * kSectorBytes);
    EXPECT_EQ(left.size() % kSectorBytes, 0u);
    EXPECT_EQ(left, std::string(left.size(), 'x'));
  }
}

TEST(FaultyDisk, ATornWriteLeavesSomeSectorsButNeverAll) {
  bool holes = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FaultyDisk disk(seed);
    Open open(disk);
    open.file->allocate(3 * kSectorBytes);
    disk.plan({.kind = Fault::Kind::torn_write, .at = 3});
    EXPECT_EQ(write_text(*open.file, 0, std::string(3 * kSectorBytes, 'x')), EIO);
    std::string left = text_of(*open.file);
    EXPECT_NE(left.find('\0'), std::string::npos);
    size_t first_zero = left.find('\0');
    if (left.find('x', first_zero) != std::string::npos) holes = true;
  }
  EXPECT_TRUE(holes);
}

TEST(FaultyDisk, ADelayRunsTheHookBeforeTheOperation) {
  FaultyDisk disk(1);
  Open open(disk);
  std::string seen;
  disk.on_delay([&](uint64_t operation) { seen = std::to_string(operation) + ":" + text_of(*open.file); });
  write_text(*open.file, 0, "before");
  disk.plan({.kind = Fault::Kind::delay, .at = 3});
  EXPECT_EQ(write_text(*open.file, 0, "after!"), 0);
  EXPECT_EQ(seen, "3:before");
  EXPECT_EQ(text_of(*open.file), "after!");
}

TEST(FaultyDisk, ALostSyncFailsOnceAndItsDataIsGoneAfterACut) {
  FaultyDisk disk(1);
  Open open(disk);
  open.files->sync_directory();
  write_text(*open.file, 0, "lost");
  disk.plan({.kind = Fault::Kind::lose_sync, .at = 4});
  EXPECT_EQ(open.file->sync(), EIO);
  EXPECT_EQ(open.file->sync(), 0);
  EXPECT_EQ(text_of(*open.file), "lost");
  disk.reopen(Forget::all);
  EXPECT_EQ(text_of(*disk.files(), "a"), "");
}

TEST(FaultyDisk, ACutEndsEverythingUntilItIsReopened) {
  FaultyDisk disk(1);
  Open open(disk);
  open.files->sync_directory();
  write_text(*open.file, 0, "kept");
  open.file->sync();
  disk.plan({.kind = Fault::Kind::cut, .at = 5});
  EXPECT_EQ(write_text(*open.file, 0, "gone"), EIO);
  EXPECT_TRUE(disk.is_cut());
  EXPECT_EQ(open.file->sync(), EIO);
  EXPECT_EQ(text_of(*open.file), "error 5");
  disk.reopen(Forget::all);
  EXPECT_EQ(text_of(*open.file), "error 5") << "a handle of a dead process must stay dead";
  EXPECT_EQ(sorted_names(*open.files).size(), 0u);
  auto files = disk.files();
  EXPECT_EQ(text_of(*files, "a"), "kept");
  disk.plan({.kind = Fault::Kind::cut, .at = disk.operations() + 1});
  EXPECT_EQ(files->sync_directory(), EIO);
  disk.reopen(Forget::all);
  EXPECT_EQ(text_of(*disk.files(), "a"), "kept");
}

TEST(FaultyDisk, KillingTheProcessForgetsNothing) {
  FaultyDisk disk(1);
  Open open(disk);
  write_text(*open.file, 0, "written, not synced");
  disk.kill();
  EXPECT_EQ(write_text(*open.file, 0, "too late"), EIO);
  EXPECT_EQ(text_of(*disk.files(), "a"), "written, not synced");
}

TEST(FaultyDisk, AStoppedProcessLeavesWhatItWrote) {
  FaultyDisk disk(1);
  Open open(disk);
  disk.plan({.kind = Fault::Kind::stop, .at = 3});
  EXPECT_EQ(write_text(*open.file, 0, "written"), 0);
  EXPECT_EQ(open.file->sync(), EIO);
  EXPECT_EQ(write_text(*open.file, 0, "too late"), EIO);
  EXPECT_FALSE(disk.is_cut());
  EXPECT_TRUE(disk.is_stopped());
  disk.kill();
  EXPECT_FALSE(disk.is_stopped());
  EXPECT_EQ(text_of(*disk.files(), "a"), "written");
}

TEST(FaultyDisk, AFullDiskRefusesGrowthOnly) {
  FaultyDisk disk(1);
  Open open(disk);
  disk.set_capacity(1000);
  EXPECT_EQ(open.file->allocate(1001), ENOSPC);
  EXPECT_EQ(write_text(*open.file, 0, std::string(1000, 'x')), 0);
  EXPECT_EQ(write_text(*open.file, 1, std::string(1000, 'y')), ENOSPC);
  EXPECT_EQ(write_text(*open.file, 0, std::string(1000, 'z')), 0);
  uint64_t free = 1;
  EXPECT_EQ(open.files->free_bytes(&free), 0);
  EXPECT_EQ(free, 0u);
  disk.set_capacity(2000);
  EXPECT_EQ(write_text(*open.file, 1, std::string(1000, 'y')), 0);
}

TEST(FaultyDisk, AReadOnlyDiskRefusesChanges) {
  FaultyDisk disk(1);
  Open open(disk);
  disk.set_read_only(true);
  EXPECT_EQ(write_text(*open.file, 0, "x"), EROFS);
  EXPECT_EQ(open.files->remove("a"), EROFS);
  EXPECT_EQ(open.file->sync(), 0);
  disk.set_read_only(false);
  EXPECT_EQ(write_text(*open.file, 0, "x"), 0);
}

TEST(FaultyDisk, IgnoredSyncsReturnOkAndSaveNothing) {
  FaultyDisk disk(1);
  disk.set_ignore_syncs(true);
  Open open(disk);
  EXPECT_EQ(open.files->sync_directory(), 0);
  EXPECT_EQ(write_text(*open.file, 0, "x"), 0);
  EXPECT_EQ(open.file->sync(), 0);
  disk.reopen(Forget::all);
  EXPECT_TRUE(sorted_names(*disk.files()).empty());
}

TEST(FaultyDisk, OneProcessHoldsTheLock) {
  FaultyDisk disk(1);
  auto first = disk.files();
  auto second = disk.files();
  EXPECT_EQ(first->lock("lock"), 0);
  EXPECT_EQ(second->lock("lock"), EWOULDBLOCK);
  first.reset();
  EXPECT_EQ(second->lock("lock"), 0);
  disk.kill();
  EXPECT_EQ(disk.files()->lock("lock"), 0);
}

TEST(FaultyDisk, FlipsBitsWhereItIsToldTo) {
  FaultyDisk disk(1);
  Open open(disk);
  write_text(*open.file, 0, "aaaa");
  EXPECT_TRUE(disk.corrupt("a", 1, 3));
  EXPECT_EQ(text_of(*open.file), "abaa");
  EXPECT_FALSE(disk.corrupt("a", 4, 3));
  EXPECT_FALSE(disk.corrupt("b", 0, 3));
}

TEST(FaultyDisk, NamesOfFilesFollowTheModes) {
  FaultyDisk disk(1);
  auto files = disk.files();
  std::unique_ptr<File> file;
  EXPECT_EQ(files->open("a", Mode::open_existing, &file), ENOENT);
  EXPECT_EQ(files->open("a", Mode::create_new, &file), 0);
  EXPECT_EQ(files->open("a", Mode::create_new, &file), EEXIST);
  EXPECT_EQ(files->open("a", Mode::open_existing, &file), 0);
  EXPECT_EQ(files->rename("b", "c"), ENOENT);
  EXPECT_EQ(files->remove("b"), ENOENT);
  EXPECT_EQ(files->rename("a", "b"), 0);
  EXPECT_EQ(sorted_names(*files), std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace forebay
