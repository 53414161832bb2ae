// A frame of a segment and the records in it; with an odd first byte, the records alone. Whatever they say: read or
// refused, and every text they hand out is there.
#include "backlog/frame.h"
#include "backlog/index_file.h"
#include "backlog/record.h"
#include "tests/fuzz/input.h"

namespace {

using namespace forebay;

void read_records(std::span<const std::byte> records) {
  RecordReader reader(records);
  Record record;
  while (reader.next(&record)) {
    if (reader.offset() + uint64_t{reader.length()} > records.size()) __builtin_trap();
    for (const std::string_view text : {record.meta, record.body}) {
      if (record.kind == RecordKind::message) fuzz::look_at(text);
    }
    if (record.kind == RecordKind::dead) fuzz::look_at(dead_letter_of(record).reason);
    if (record.kind == RecordKind::note) fuzz::look_at(record.name), fuzz::look_at(record.value);
  }
  IndexBuilder builder;
  builder.add_frame(records, 4096);
  const uint64_t entries = builder.count();
  const SegmentIndex index = finish_index({}, std::move(builder));
  IndexCursor cursor(index.entries);
  Sequence last = 0;
  uint64_t found = 0;
  for (; cursor.next(); ++found) {
    if (cursor.entry().facts.sequence < last) __builtin_trap();
    last = cursor.entry().facts.sequence;
  }
  if (!cursor.ok() || found != entries) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = fuzz::bytes(data + 1, size - 1);
  if (data[0] % 2 == 1) {
    read_records(bytes);
    Record record;
    if (read_lone_message(bytes, &record)) fuzz::look_at(record.body);
    return 0;
  }
  FrameView frame;
  if (read_frame(bytes, 7, 9, 1, &frame) != FrameState::good) return 0;
  if (frame.bytes > bytes.size() || frame.records.size() > frame.bytes) __builtin_trap();
  read_records(frame.records);
  return 0;
}
