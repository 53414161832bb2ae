#include "backlog/index_file.h"

#include <algorithm>
#include <cassert>

#include "backlog/format.h"
#include "backlog/segment.h"
#include "backlog/whole_file.h"
#include "backlog/wrapping.h"

namespace forebay {
namespace {

enum entry_flag : uint8_t {
  next_sequence = 1,
  same_queue = 2,
  same_class = 4,
  follows = 8,
  has_due = 16,
  due_by_wall = 32,
  has_expires = 64,
  same_record = 128,
};

// Begins an entry whose message has a key, or a cost other than 1. No entry has both of these flags.
enum prefix_flag : uint8_t { prefix_key = 1, prefix_cost = 2, prefix_mark = follows | same_record };

void put_prefix(ByteBuffer& out, const MessageFacts& facts) {
  const uint8_t flags = (facts.key != 0 ? prefix_key : 0) | (facts.cost != 1 ? prefix_cost : 0);
  if (flags == 0) return;
  out.u8(prefix_mark | flags);
  if (flags & prefix_key) out.u64(facts.key);
  if (flags & prefix_cost) out.varint(facts.cost);
}

// The flags of the entry, behind its prefix if it has one.
uint8_t read_prefix(Decoder& in, MessageFacts* facts) {
  const uint8_t first = in.u8();
  const bool there = (first & prefix_mark) == prefix_mark;
  facts->key = there && (first & prefix_key) ? in.u64() : 0;
  facts->cost = there && (first & prefix_cost) ? static_cast<uint32_t>(in.varint_up_to(UINT32_MAX)) : 1;
  return there ? in.u8() : first;
}

uint8_t flags_of(const IndexEntry& entry, const IndexEntry& last) {
  uint8_t flags = 0;
  const MessageFacts &facts = entry.facts, &before = last.facts;
  if (facts.sequence == before.sequence + 1) flags |= next_sequence;
  if (facts.queue == before.queue) flags |= same_queue;
  if (facts.klass == before.klass && facts.max_attempts == before.max_attempts) flags |= same_class;
  if (entry.shared) flags |= same_record;
  if (!entry.shared && entry.offset == last.offset + last.length) flags |= follows;
  if (facts.due_ms != 0 && !facts.held) flags |= has_due;
  if ((facts.due_by_wall && facts.due_ms != 0) || facts.held) flags |= due_by_wall;  // alone: held until due
  if (facts.expires_ms != 0) flags |= has_expires;
  return flags;
}

}  // namespace

void IndexBuilder::add_frame(std::span<const std::byte> records, uint64_t offset) {
  RecordReader reader(records);
  while (reader.next(&record_)) {
    if (record_.kind != RecordKind::message) continue;
    add_record(record_, static_cast<uint32_t>(offset + reader.offset()), reader.length());
  }
}

void IndexBuilder::add_record(const Record& record, uint32_t offset, uint32_t length) {
  bool shared = false;
  for (const MessageFacts& facts : record.receivers) {
    add({facts, offset, length, shared});
    shared = true;
  }
}

void IndexBuilder::add(const IndexEntry& entry) {
  const MessageFacts &facts = entry.facts, &before = last_.facts;
  assert(!entry.shared || (entry.offset == last_.offset && entry.length == last_.length));
  if (count_ == 0) first_sequence_ = lowest_sequence_ = facts.sequence;
  lowest_sequence_ = std::min(lowest_sequence_, facts.sequence);
  if (count_ > 0 && facts.sequence <= before.sequence) rising_ = false;
  const uint8_t flags = flags_of(entry, last_);
  put_prefix(entries_, facts);
  entries_.u8(flags);
  if (!(flags & next_sequence)) entries_.zigzag(static_cast<int64_t>(facts.sequence - before.sequence));
  if (!(flags & same_record)) {
    entries_.varint(entry.length);
    entries_.varint(entry.length - facts.bytes);
    const int64_t gap = int64_t{entry.offset} - last_.offset - last_.length;
    if (!(flags & follows)) entries_.zigzag(gap);
  }
  if (!(flags & same_queue)) entries_.varint(facts.queue);
  if (!(flags & same_class)) entries_.u8(facts.klass), entries_.u8(facts.max_attempts);
  entries_.zigzag(wrapping_difference(facts.accepted_ms, before.accepted_ms));
  if (flags & has_due || facts.held) entries_.zigzag(wrapping_difference(facts.due_ms, facts.accepted_ms));
  if (flags & has_expires) entries_.zigzag(wrapping_difference(facts.expires_ms, facts.accepted_ms));
  last_ = entry;
  ++count_;
}

void IndexBuilder::clear() {
  entries_.clear();
  last_ = {};
  count_ = 0;
  rising_ = true;
}

bool IndexCursor::next() {
  if (in_.done()) return false;
  MessageFacts& facts = last_.facts;
  const uint8_t flags = read_prefix(in_, &facts);
  facts.sequence += flags & next_sequence ? 1 : static_cast<uint64_t>(in_.zigzag());
  last_.shared = (flags & same_record) != 0;
  if (!last_.shared) {
    const uint32_t end = last_.offset + last_.length;
    last_.length = static_cast<uint32_t>(in_.varint_up_to(UINT32_MAX));
    facts.bytes = last_.length - static_cast<uint32_t>(in_.varint_up_to(last_.length));
    last_.offset = flags & follows ? end : static_cast<uint32_t>(wrapping_sum(end, in_.zigzag()));
  }
  if (!(flags & same_queue)) facts.queue = static_cast<QueueId>(in_.varint_up_to(UINT16_MAX));
  if (!(flags & same_class)) facts.klass = in_.u8(), facts.max_attempts = in_.u8();
  facts.accepted_ms = wrapping_sum(facts.accepted_ms, in_.zigzag());
  facts.held = (flags & (has_due | due_by_wall)) == due_by_wall;
  facts.due_by_wall = !facts.held && (flags & due_by_wall) != 0;
  facts.due_ms = flags & has_due || facts.held ? wrapping_sum(facts.accepted_ms, in_.zigzag()) : 0;
  facts.expires_ms = flags & has_expires ? wrapping_sum(facts.accepted_ms, in_.zigzag()) : 0;
  return in_.ok();
}

SegmentIndex finish_index(const IndexHead& head, IndexBuilder builder) {
  IndexBuilder sorted;
  if (!builder.rising()) {
    std::vector<IndexEntry> all;
    all.reserve(builder.count());
    IndexCursor cursor(builder.entries().span());
    while (cursor.next()) all.push_back(cursor.entry());
    std::stable_sort(all.begin(), all.end(),
                     [](const IndexEntry& a, const IndexEntry& b) { return a.facts.sequence < b.facts.sequence; });
    for (size_t i = 0; i < all.size(); ++i) {
      all[i].shared = i > 0 && all[i].offset == all[i - 1].offset;
      sorted.add(all[i]);
    }
  }
  const IndexBuilder& chosen = builder.rising() ? builder : sorted;
  SegmentIndex index{.head = head, .count = chosen.count(), .first_sequence = chosen.first_sequence()};
  index.bytes.append(chosen.entries().span());
  index.entries = index.bytes.span();
  return index;
}

int write_index(Files& files, uint32_t store_id, const SegmentIndex& index) {
  ByteBuffer bytes;
  begin_whole(bytes, {format::index_magic, store_id});
  bytes.u32(index.head.slot);
  bytes.u32(index.head.number);
  bytes.u32(index.head.generation);
  bytes.u64(index.head.end);
  bytes.u64(index.head.last_frame);
  bytes.u64(index.count);
  bytes.u64(index.first_sequence);
  bytes.append(index.entries);
  return write_whole(files, index_name(index.head.slot), bytes);
}

bool read_index(Files& files, uint32_t store_id, const IndexHead& wanted, SegmentIndex* index) {
  uint32_t found_store = 0, version = 0;
  std::span<const std::byte> content;
  if (read_whole(files, index_name(wanted.slot), format::index_magic, &index->bytes, &content, &found_store,
                 &version) != WholeState::good ||
      found_store != store_id) {
    return false;
  }
  Decoder in(content);
  IndexHead& head = index->head;
  head.slot = in.u32();
  head.number = in.u32();
  head.generation = in.u32();
  head.end = in.u64();
  head.last_frame = in.u64();
  index->count = in.u64();
  index->first_sequence = in.u64();
  index->entries = in.take(in.left());
  return in.ok() && head.slot == wanted.slot && head.number == wanted.number && head.generation == wanted.generation;
}

}  // namespace forebay
