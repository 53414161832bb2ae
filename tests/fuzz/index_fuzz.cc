// A segment's index file: entries rising, or refused. With an odd first byte, the entries alone.
#include "backlog/index_file.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_files.h"

namespace {

using namespace forebay;

void walk(std::span<const std::byte> entries) {
  IndexCursor cursor(entries);
  IndexBuilder builder;
  while (cursor.next()) builder.add(cursor.entry());
  if (builder.count() == 0) return;
  const SegmentIndex index = finish_index({}, std::move(builder));
  IndexCursor sorted(index.entries);
  Sequence last = 0;
  uint64_t count = 0;
  for (; sorted.next(); ++count) {
    if (sorted.entry().facts.sequence < last) __builtin_trap();
    last = sorted.entry().facts.sequence;
  }
  if (count != index.count || !sorted.ok()) __builtin_trap();
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
