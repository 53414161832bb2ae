#include "backlog/record.h"

#include <cassert>

#include "backlog/checksum.h"
#include "backlog/format.h"
#include "backlog/wrapping.h"

namespace forebay {
namespace {

constexpr uint64_t receivers_max = 65'536;

uint8_t head_of(RecordKind kind, uint8_t flags = 0) {
  return static_cast<uint8_t>(kind) | flags;
}

void put_receiver(ByteBuffer& out, const MessageFacts& facts, int64_t first_accepted_ms) {
  uint8_t flags = 0;
  if (facts.due_ms != 0 && !facts.held) flags |= format::receiver_due;
  if ((facts.due_by_wall && facts.due_ms != 0) || facts.held) flags |= format::receiver_due_by_wall;
  if (facts.expires_ms != 0) flags |= format::receiver_expires;
  if (facts.klass != 0) flags |= format::receiver_class;
  if (facts.max_attempts != 0) flags |= format::receiver_attempts;
  if (facts.accepted_ms != first_accepted_ms) flags |= format::receiver_accepted;
  if (facts.key != 0) flags |= format::receiver_key;
  if (facts.cost != 1) flags |= format::receiver_cost;
  out.u8(flags);
  out.varint(facts.queue);
  if (flags & format::receiver_class) out.u8(facts.klass);
  if (flags & format::receiver_attempts) out.u8(facts.max_attempts);
  if (flags & format::receiver_accepted) out.zigzag(wrapping_difference(facts.accepted_ms, first_accepted_ms));
  if (flags & format::receiver_due || facts.held) out.zigzag(wrapping_difference(facts.due_ms, facts.accepted_ms));
  if (flags & format::receiver_expires) out.zigzag(wrapping_difference(facts.expires_ms, facts.accepted_ms));
  if (flags & format::receiver_key) out.u64(facts.key);
  if (flags & format::receiver_cost) out.varint(facts.cost);
}

MessageFacts read_receiver(Decoder& in, int64_t first_accepted_ms) {
  MessageFacts facts;
  const uint8_t flags = in.u8();
  facts.queue = static_cast<QueueId>(in.varint_up_to(UINT16_MAX));
  const bool due = (flags & format::receiver_due) != 0, second = (flags & format::receiver_due_by_wall) != 0;
  facts.due_by_wall = due && second;
  facts.held = !due && second;
  if (flags & format::receiver_class) facts.klass = in.u8();
  if (flags & format::receiver_attempts) facts.max_attempts = in.u8();
  facts.accepted_ms = first_accepted_ms;
  if (flags & format::receiver_accepted) facts.accepted_ms = wrapping_sum(facts.accepted_ms, in.zigzag());
  if (due || second) facts.due_ms = wrapping_sum(facts.accepted_ms, in.zigzag());
  if (flags & format::receiver_expires) facts.expires_ms = wrapping_sum(facts.accepted_ms, in.zigzag());
  if (flags & format::receiver_key) facts.key = in.u64();
  if (flags & format::receiver_cost) facts.cost = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
  return facts;
}

}  // namespace

void put_message(ByteBuffer& out, bool copy, std::span<const MessageFacts> receivers, std::string_view meta,
                 std::string_view body) {
  assert(!receivers.empty() && receivers.size() <= receivers_max);
  const size_t start = out.size();
  const bool several = receivers.size() > 1;
  out.u8(head_of(RecordKind::message,
                 (copy ? format::message_is_copy : 0) | (several ? format::message_has_receivers : 0)));
  out.varint(receivers[0].sequence);
  out.varint(static_cast<uint64_t>(receivers[0].accepted_ms));
  if (several) out.varint(receivers.size());
  for (size_t i = 0; i < receivers.size(); ++i) {
    if (i > 0) assert(receivers[i].sequence > receivers[i - 1].sequence);
    if (i > 0 && copy) out.varint(receivers[i].sequence - receivers[i - 1].sequence);
    if (i > 0 && !copy) assert(receivers[i].sequence == receivers[i - 1].sequence + 1);
    put_receiver(out, receivers[i], receivers[0].accepted_ms);
  }
  out.varint(meta.size());
  out.varint(body.size());
  out.append(meta);
  out.append(body);
  out.u32(static_cast<uint32_t>(checksum(out.span().subspan(start))));
}

void put_settle(ByteBuffer& out, Settlement how, std::span<const SequenceRun> runs) {
  assert(!runs.empty());
  out.u8(head_of(RecordKind::settle, static_cast<uint8_t>(static_cast<uint8_t>(how) << 4)));
  out.varint(runs.size());
  Sequence end = 0;
  for (const SequenceRun& run : runs) {
    assert(run.first >= end && run.count > 0);
    out.varint(run.first - end);
    out.varint(run.count - 1);
    end = run.first + run.count;
  }
}

void put_retry(ByteBuffer& out, Sequence sequence, int64_t due_ms, uint8_t attempts) {
  out.u8(head_of(RecordKind::retry));
  out.varint(sequence);
  out.varint(static_cast<uint64_t>(due_ms));
  out.u8(attempts);
}

void put_dead(ByteBuffer& out, const DeadLetter& letter) {
  out.u8(head_of(RecordKind::dead));
  out.varint(letter.sequence);
  out.varint(letter.queue);
  out.u8(letter.attempts);
  out.varint(static_cast<uint64_t>(letter.died_ms));
  out.varint(letter.bytes);
  out.text(letter.reason);
  out.text(letter.excerpt);
}

DeadLetter dead_letter_of(const Record& record) {
  return {record.sequence,
          record.queue,
          record.attempts,
          record.died_ms,
          record.bytes,
          std::string(record.reason),
          std::string(record.excerpt)};
}

void put_revive(ByteBuffer& out, Sequence sequence, int64_t due_ms) {
  out.u8(head_of(RecordKind::revive));
  out.varint(sequence);
  out.varint(static_cast<uint64_t>(due_ms));
}

void put_note(ByteBuffer& out, std::string_view name, std::string_view value) {
  out.u8(head_of(RecordKind::note));
  out.text(name);
  out.text(value);
}

size_t message_overhead_max(size_t receivers) {
  constexpr size_t varint_max = 10;
  constexpr size_t key_and_cost_max = 8 + 5;
  return 1 + 3 * varint_max + receivers * (3 + 5 * varint_max + key_and_cost_max) + 2 * varint_max + 4;
}

bool RecordReader::next(Record* record) {
  if (decoder_.done()) return false;
  offset_ = static_cast<uint32_t>(decoder_.at() - begin_);
  const uint8_t head = decoder_.u8();
  record->kind = static_cast<RecordKind>(head & format::kind_mask);
  switch (record->kind) {
    case RecordKind::message:
      read_message(head, record);
      break;
    case RecordKind::settle:
      read_settle(head, record);
      break;
    case RecordKind::dead:
      read_dead(record);
      break;
    case RecordKind::retry:
      record->sequence = decoder_.varint();
      record->due_ms = static_cast<int64_t>(decoder_.varint());
      record->attempts = decoder_.u8();
      break;
    case RecordKind::revive:
      record->sequence = decoder_.varint();
      record->due_ms = static_cast<int64_t>(decoder_.varint());
      break;
    case RecordKind::note:
      record->name = decoder_.text();
      record->value = decoder_.text();
      break;
    default:
      decoder_.fail();
  }
  if (!decoder_.ok()) return false;
  length_ = static_cast<uint32_t>(decoder_.at() - begin_) - offset_;
  return true;
}

void RecordReader::read_message(uint8_t head, Record* record) {
  record->copy = (head & format::message_is_copy) != 0;
  const bool several = (head & format::message_has_receivers) != 0;
  record->receivers.assign(1, MessageFacts{});
  record->receivers[0].sequence = decoder_.varint();
  record->receivers[0].accepted_ms = static_cast<int64_t>(decoder_.varint());
  read_receivers(several ? decoder_.varint_up_to(receivers_max) : 1, record);
  const uint64_t meta_bytes = decoder_.varint();
  const uint64_t body_bytes = decoder_.varint();
  record->meta = decoder_.characters(meta_bytes);
  record->body = decoder_.characters(body_bytes);
  decoder_.u32();
  for (MessageFacts& facts : record->receivers) facts.bytes = static_cast<uint32_t>(meta_bytes + body_bytes);
}

void RecordReader::read_receivers(uint64_t count, Record* record) {
  Sequence sequence = record->receivers[0].sequence;
  const int64_t accepted_ms = record->receivers[0].accepted_ms;
  record->receivers.clear();
  for (uint64_t i = 0; i < count && decoder_.ok(); ++i) {
    if (i > 0) sequence += record->copy ? decoder_.varint() : 1;
    record->receivers.push_back(read_receiver(decoder_, accepted_ms));
    record->receivers.back().sequence = sequence;
  }
  if (record->receivers.empty()) decoder_.fail();
}

void RecordReader::read_settle(uint8_t head, Record* record) {
  record->how = static_cast<Settlement>(head >> 4);
  record->runs.clear();
  Sequence end = 0;
  for (uint64_t left = decoder_.varint(); left > 0 && decoder_.ok(); --left) {
    const Sequence first = end + decoder_.varint();
    const uint64_t count = decoder_.varint() + 1;
    if (!decoder_.ok()) return;
    record->runs.push_back({first, count});
    end = first + count;
  }
}

void RecordReader::read_dead(Record* record) {
  record->sequence = decoder_.varint();
  record->queue = static_cast<QueueId>(decoder_.varint_up_to(UINT16_MAX));
  record->attempts = decoder_.u8();
  record->died_ms = static_cast<int64_t>(decoder_.varint());
  record->bytes = static_cast<uint32_t>(decoder_.varint_up_to(UINT32_MAX));
  record->reason = decoder_.text();
  record->excerpt = decoder_.text();
}

bool read_lone_message(std::span<const std::byte> bytes, Record* record) {
  if (bytes.size() < 4) return false;
  uint32_t expected = 0;
  std::memcpy(&expected, bytes.data() + bytes.size() - 4, 4);
  if (expected != static_cast<uint32_t>(checksum(bytes.first(bytes.size() - 4)))) return false;
  RecordReader reader(bytes);
  return reader.next(record) && record->kind == RecordKind::message && reader.length() == bytes.size();
}

}  // namespace forebay
