// Random use of the faulty disk against a model of its promise: after a cut, every byte is one that was there at
// the last good sync or written since, and a file untouched since its sync is exactly what was synced.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "sim/faulty_disk.h"
#include "tests/sim/bytes.h"

namespace forebay {
namespace {

using testing::text_of;
using testing::write_text;

constexpr size_t kFileBytes = 4 * kSectorBytes;

// What each byte of one file may be after a cut.
struct ByteModel {
  std::vector<std::set<char>> may_be = std::vector<std::set<char>>(kFileBytes, {'\0'});
  std::string now = std::string(kFileBytes, '\0');
  void write(size_t offset, const std::string& bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      now[offset + i] = bytes[i];
      may_be[offset + i].insert(bytes[i]);
    }
  }
  void sync() {
    for (size_t i = 0; i < kFileBytes; ++i) may_be[i] = {now[i]};
  }
};

RC_GTEST_PROP(FaultyDiskProperty, AfterACutEveryByteIsOneThatWasPromised, (uint64_t seed)) {
  FaultyDisk disk(seed);
  auto files = disk.files();
  std::unique_ptr<File> file;
  RC_ASSERT(files->open("a", Files::Mode::create_new, &file) == 0);
  RC_ASSERT(file->allocate(kFileBytes) == 0);
  RC_ASSERT(file->sync() == 0);
  RC_ASSERT(files->sync_directory() == 0);
  ByteModel model;
  int steps = *rc::gen::inRange(0, 30);
  for (int step = 0; step < steps; ++step) {
    if (*rc::gen::inRange(0, 4) == 0) {
      RC_ASSERT(file->sync() == 0);
      model.sync();
      continue;
    }
    auto offset = *rc::gen::inRange<size_t>(0, kFileBytes);
    auto length = *rc::gen::inRange<size_t>(0, kFileBytes - offset + 1);
    std::string bytes(length, static_cast<char>('a' + step % 26));
    RC_ASSERT(write_text(*file, offset, bytes) == 0);
    model.write(offset, bytes);
  }
  RC_ASSERT(text_of(*file) == model.now);
  auto forget = *rc::gen::element(Forget::all, Forget::tail, Forget::random);
  disk.reopen(forget);
  std::string after = text_of(*disk.files(), "a");
  RC_ASSERT(after.size() == kFileBytes);
  for (size_t i = 0; i < kFileBytes; ++i) RC_ASSERT(model.may_be[i].contains(after[i]));
}

RC_GTEST_PROP(FaultyDiskProperty, SyncedNamesAndFilesOutliveAnyCut, (uint64_t seed)) {
  FaultyDisk disk(seed);
  std::map<std::string, std::string> synced;
  auto files = disk.files();
  auto count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    std::string name(1, static_cast<char>('a' + i));
    std::string text(*rc::gen::inRange<size_t>(0, 2000), static_cast<char>('A' + i));
    std::unique_ptr<File> file;
    RC_ASSERT(files->open(name, Files::Mode::create_new, &file) == 0);
    RC_ASSERT(write_text(*file, 0, text) == 0);
    RC_ASSERT(file->sync() == 0);
    synced[name] = text;
  }
  RC_ASSERT(files->sync_directory() == 0);
  std::unique_ptr<File> unsynced;
  RC_ASSERT(files->open("unsynced", Files::Mode::create_new, &unsynced) == 0);
  disk.reopen(*rc::gen::element(Forget::all, Forget::tail, Forget::random));
  files = disk.files();
  for (const auto& [name, text] : synced) RC_ASSERT(text_of(*files, name) == text);
}

RC_GTEST_PROP(FaultyDiskProperty, TheSameSeedForgetsTheSame, (uint64_t seed)) {
  auto run = [&] {
    FaultyDisk disk(seed);
    auto files = disk.files();
    std::unique_ptr<File> file;
    files->open("a", Files::Mode::create_new, &file);
    files->sync_directory();
    for (int i = 0; i < 10; ++i) write_text(*file, static_cast<uint64_t>(i) * 300, std::string(400, 'x'));
    disk.reopen(Forget::random);
    return text_of(*disk.files(), "a");
  };
  RC_ASSERT(run() == run());
}

}  // namespace
}  // namespace forebay
