#include "backlog/index_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "backlog/segment.h"
#include "journal_rig.h"

namespace forebay {
namespace {

// Messages as a segment has them: originals in order, copies of older ones among them, some for several
// receivers.
std::vector<IndexEntry> any_entries() {
  std::vector<IndexEntry> entries;
  Sequence sequence = *rc::gen::inRange<Sequence>(1, 1'000'000'000);
  Sequence copied = 1;
  uint32_t offset = 4128;
  for (int left = *rc::gen::inRange(1, 80); left > 0; --left) {
    const bool copy = *rc::gen::inRange(0, 4) == 0;
    IndexEntry entry;
    entry.facts.queue = *rc::gen::inRange<uint16_t>(1, 4);
    entry.facts.klass = *rc::gen::inRange<uint8_t>(0, 3);
    entry.facts.max_attempts = *rc::gen::element<uint8_t>(0, 10);
    entry.facts.accepted_ms = *rc::gen::inRange<int64_t>(1'700'000'000'000, 1'700'000'100'000);
    entry.facts.due_ms = *rc::gen::element<int64_t>(0, 1'700'000'500'000);
    entry.facts.held = entry.facts.due_ms > 0 && *rc::gen::arbitrary<bool>();
    entry.facts.due_by_wall = entry.facts.due_ms > 0 && !entry.facts.held && *rc::gen::arbitrary<bool>();
    entry.facts.expires_ms = *rc::gen::element<int64_t>(0, 1'700'000'900'000);
    entry.facts.key = *rc::gen::element<KeyHash>(0, 0, 7, UINT64_MAX);
    entry.facts.cost = *rc::gen::element<uint32_t>(1, 1, 0, 700);
    entry.length = *rc::gen::inRange<uint32_t>(30, 100'000);
    entry.facts.bytes = entry.length - 21;
    entry.offset = offset;
    const int receivers = *rc::gen::element(1, 1, 3);
    for (int i = 0; i < receivers; ++i) {
      entry.facts.sequence = copy ? copied++ : sequence++;
      entry.shared = i > 0;
      entries.push_back(entry);
    }
    offset += entry.length + (*rc::gen::inRange(0, 5) == 0 ? 40 : 0);
  }
  return entries;
}

RC_GTEST_PROP(IndexFile, ReadsBackInOrderOfSequence, ()) {
  std::vector<IndexEntry> entries = any_entries();
  IndexBuilder builder;
  for (const IndexEntry& entry : entries) builder.add(entry);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const IndexEntry& a, const IndexEntry& b) { return a.facts.sequence < b.facts.sequence; });
  MemoryFiles files;
  const IndexHead head{3, 17, 4, 60'000, 99};
  RC_ASSERT(write_index(files, 77, finish_index(head, std::move(builder))) == 0);
  SegmentIndex index;
  RC_ASSERT(read_index(files, 77, head, &index));
  RC_ASSERT(index.count == entries.size());
  RC_ASSERT(index.first_sequence == entries.front().facts.sequence);
  IndexCursor cursor(index.entries);
  for (const IndexEntry& entry : entries) {
    RC_ASSERT(cursor.next());
    const IndexEntry& found = cursor.entry();
    RC_ASSERT(found.facts.sequence == entry.facts.sequence);
    RC_ASSERT(found.facts.queue == entry.facts.queue);
    RC_ASSERT(found.facts.klass == entry.facts.klass);
    RC_ASSERT(found.facts.max_attempts == entry.facts.max_attempts);
    RC_ASSERT(found.facts.accepted_ms == entry.facts.accepted_ms);
    RC_ASSERT(found.facts.due_ms == entry.facts.due_ms);
    RC_ASSERT(found.facts.due_by_wall == entry.facts.due_by_wall);
    RC_ASSERT(found.facts.held == entry.facts.held);
    RC_ASSERT(found.facts.expires_ms == entry.facts.expires_ms);
    RC_ASSERT(found.facts.bytes == entry.facts.bytes);
    RC_ASSERT(found.facts.key == entry.facts.key);
    RC_ASSERT(found.facts.cost == entry.facts.cost);
    RC_ASSERT(found.offset == entry.offset);
    RC_ASSERT(found.length == entry.length);
  }
  RC_ASSERT(!cursor.next());
}

TEST(IndexFile, EveryChangedByteAndEveryOtherSegmentIsRefused) {
  IndexBuilder builder;
  for (Sequence sequence = 1; sequence < 40; ++sequence) {
    IndexEntry entry;
    entry.facts.sequence = sequence;
    entry.facts.queue = 1;
    entry.length = 330;
    entry.facts.bytes = 300;
    entry.offset = static_cast<uint32_t>(4096 + 330 * sequence);
    builder.add(entry);
  }
  EXPECT_EQ(builder.entries().size(), 39u * 5 + 3) << "without keys no longer than ever";
  MemoryFiles files;
  const IndexHead head{3, 17, 4, 60'000, 99};
  ASSERT_EQ(write_index(files, 77, finish_index(head, std::move(builder))), 0);
  SegmentIndex index;
  EXPECT_TRUE(read_index(files, 77, head, &index));
  EXPECT_FALSE(read_index(files, 78, head, &index));
  EXPECT_FALSE(read_index(files, 77, {3, 18, 4, 0, 0}, &index));
  EXPECT_FALSE(read_index(files, 77, {3, 17, 5, 0, 0}, &index));
  auto& bytes = files.bytes(index_name(3));
  for (size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] ^= std::byte{0x20};
    EXPECT_FALSE(read_index(files, 77, head, &index)) << "byte " << at;
    bytes[at] ^= std::byte{0x20};
  }
}

}  // namespace
}  // namespace forebay
