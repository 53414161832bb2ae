// A whole data_dir: recovered, refused or complained about, by a start and by `forebay journal verify` alike. The input
// is files, one behind another: a byte that says which, u16 length, content. What follows a segment's header in the
// input stands in the file where frames begin.
#include <array>

#include "backlog/format.h"
#include "backlog/key_spends.h"
#include "backlog/offline.h"
#include "backlog/recovery.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_files.h"

namespace {

using namespace forebay;

constexpr std::array<std::string_view, 12> names = {
    "store",          "checkpoint-a",   "checkpoint-b",  "attempts",      "00000001.segment", "00000002.segment",
    "00000001.index", "00000002.index", "keys-00000001", "keys-00000002", "spends-00472222",  "spends-00472223"};

fuzz::MemoryFiles directory(std::span<const std::byte> input) {
  fuzz::MemoryFiles files;
  Decoder in(input);
  while (!in.done()) {
    const std::string_view name = names[in.u8() % names.size()];
    const uint16_t length = in.u16();
    const auto content = in.take(std::min<size_t>(length, in.left()));
    if (!name.ends_with(".segment")) {
      files.put(name, content);
      continue;
    }
    const size_t header = std::min(content.size(), format::segment_header_used);
    std::vector<std::byte> segment(content.begin(), content.begin() + static_cast<ptrdiff_t>(header));
    segment.resize(format::segment_header_bytes);
    segment.insert(segment.end(), content.begin() + static_cast<ptrdiff_t>(header), content.end());
    segment.resize(std::max<size_t>(segment.size(), 16'384));
    files.put(name, segment);
  }
  return files;
}

void recover(Files& files) {
  StoreFile store;
  std::string error;
  if (read_store(files, &store, &error) != StoreState::good) return;
  AttemptsFile attempts;
  AttemptsFile::LeftOver left_over;
  if (attempts.open(files, &left_over) != 0) return;
  Catalog catalog;
  RecoveredLog log;
  RecoveryReport report;
  Recovery recovery(files, store);
  recovery.run(
      left_over, &catalog, [](std::span<const RecoveredMessage>) {}, &log, &report, &error);
  for (const std::string& complaint : report.complaints) fuzz::look_at(complaint);
  KeySpends spends(files, store.store_id);
  if (spends.open() == 0) spends.replay(0, [](const KeySpend&) {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = fuzz::bytes(data, size);
  fuzz::MemoryFiles files = directory(input);
  std::string report;
  journal_verify(files, &report);
  fuzz::look_at(report);
  recover(files);
  return 0;
}
