// A segment's index file: its entries, or refused. With an odd first byte, the entries alone.
#include "backlog/index_file.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_files.h"

namespace {

using namespace forebay;

void walk(std::span<const std::byte> entries) {
  IndexCursor cursor(entries);
  uint64_t count = 0;
  while (cursor.next()) ++count;
  if (count > entries.size()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = fuzz::bytes(data + 1, size - 1);
  if (data[0] % 2 == 1) return walk(bytes), 0;
  fuzz::MemoryFiles files;
  files.put("00000001.index", bytes);
  SegmentIndex index;
  if (read_index(files, 1, {.slot = 1, .number = 1, .generation = 1}, &index)) walk(index.entries);
  return 0;
}
