#include "backlog/record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace forebay {
namespace {

bool same(const MessageFacts& a, const MessageFacts& b) {
  return a.sequence == b.sequence && a.queue == b.queue && a.klass == b.klass && a.max_attempts == b.max_attempts &&
         a.due_by_wall == b.due_by_wall && a.held == b.held && a.accepted_ms == b.accepted_ms && a.due_ms == b.due_ms &&
         a.expires_ms == b.expires_ms && a.bytes == b.bytes && a.cost == b.cost && a.key == b.key;
}

MessageFacts any_facts(Sequence sequence, uint32_t bytes) {
  const int64_t accepted = *rc::gen::inRange<int64_t>(0, 4'000'000'000'000);
  MessageFacts facts;
  facts.sequence = sequence;
  facts.queue = *rc::gen::arbitrary<uint16_t>();
  facts.klass = *rc::gen::inRange<uint8_t>(0, 4);
  facts.max_attempts = *rc::gen::arbitrary<uint8_t>();
  facts.accepted_ms = accepted;
  facts.held = *rc::gen::arbitrary<bool>();
  facts.due_ms = *rc::gen::element<int64_t>(facts.held ? accepted : 0, accepted + 90'000, accepted - 5);
  facts.due_by_wall = !facts.held && facts.due_ms != 0 && *rc::gen::arbitrary<bool>();
  facts.expires_ms = *rc::gen::element<int64_t>(0, accepted + 86'400'000);
  facts.bytes = bytes;
  facts.cost = *rc::gen::element<uint32_t>(0, 1, 1, 2, 300, UINT32_MAX);
  facts.key = *rc::gen::element<KeyHash>(0, 1, UINT64_MAX, 0x0123456789abcdef);
  return facts;
}

RC_GTEST_PROP(MessageRecord, ReadsBackAsWritten, ()) {
  const auto meta = *rc::gen::arbitrary<std::string>();
  const auto body = *rc::gen::arbitrary<std::string>();
  const bool copy = *rc::gen::arbitrary<bool>();
  Sequence sequence = *rc::gen::inRange<Sequence>(1, Sequence{1} << 60);
  std::vector<MessageFacts> receivers;
  for (int left = *rc::gen::inRange(1, 6); left > 0; --left) {
    receivers.push_back(any_facts(sequence, static_cast<uint32_t>(meta.size() + body.size())));
    sequence += copy ? *rc::gen::inRange<Sequence>(1, 5000) : 1;
  }
  ByteBuffer out;
  put_message(out, copy, receivers, meta, body);
  RC_ASSERT(out.size() <= meta.size() + body.size() + message_overhead_max(receivers.size()));
  Record record;
  RC_ASSERT(read_lone_message(out.span(), &record));
  RC_ASSERT(record.copy == copy);
  RC_ASSERT(record.meta == meta);
  RC_ASSERT(record.body == body);
  RC_ASSERT(record.receivers.size() == receivers.size());
  for (size_t i = 0; i < receivers.size(); ++i) RC_ASSERT(same(record.receivers[i], receivers[i]));
}

TEST(MessageRecord, CostsNothingForAKeyItDoesNotHave) {
  const auto bytes_of = [](KeyHash key, uint32_t cost) {
    MessageFacts facts{.sequence = 5, .queue = 1, .accepted_ms = 1'700'000'000'000};
    facts.key = key;
    facts.cost = cost;
    ByteBuffer out;
    put_message(out, false, {&facts, 1}, "meta", "body");
    return out.size();
  };
  const size_t plain =
      1 + 1 + 6 + 2 + 2 + 8 + 4;  // head, sequence, accepted, receiver, lengths, meta and body, checksum
  EXPECT_EQ(bytes_of(0, 1), plain);
  EXPECT_EQ(bytes_of(7, 1), plain + 8);
  EXPECT_EQ(bytes_of(0, 2), plain + 1);
  EXPECT_EQ(bytes_of(7, 300), plain + 8 + 2);
}

RC_GTEST_PROP(MessageRecord, EveryChangedByteIsNoticed, ()) {
  ByteBuffer out;
  const MessageFacts facts = any_facts(*rc::gen::inRange<Sequence>(1, 1'000'000), 0);
  put_message(out, false, {&facts, 1}, "meta", *rc::gen::container<std::string>(200, rc::gen::arbitrary<char>()));
  const auto flip = std::byte{*rc::gen::inRange<uint8_t>(1, 255)};
  Record record;
  for (size_t at = 0; at < out.size(); ++at) {
    out.data()[at] ^= flip;
    RC_ASSERT(!read_lone_message(out.span(), &record));
    out.data()[at] ^= flip;
  }
  RC_ASSERT(read_lone_message(out.span(), &record));
}

RC_GTEST_PROP(SettleRecord, ReadsBackAsWritten, ()) {
  std::vector<SequenceRun> runs;
  Sequence next = 1;
  for (int left = *rc::gen::inRange(1, 50); left > 0; --left) {
    next += *rc::gen::inRange<Sequence>(1, 100'000);
    runs.push_back({next, *rc::gen::inRange<uint64_t>(1, 100)});
    next += runs.back().count;
  }
  ByteBuffer out;
  put_settle(out, Settlement::expired, runs);
  Record record;
  RecordReader reader(out.span());
  RC_ASSERT(reader.next(&record));
  RC_ASSERT(record.kind == RecordKind::settle);
  RC_ASSERT(record.how == Settlement::expired);
  RC_ASSERT(record.runs == runs);
  RC_ASSERT(!reader.next(&record));
  RC_ASSERT(reader.ok());
}

TEST(Record, OfEveryKindStandsBehindTheOther) {
  ByteBuffer out;
  const DeadLetter letter{9, 3, 10, 1'700'000'000'123, 4711, "http 404", "not here"};
  put_retry(out, 7, 1'700'000'000'000, 2);
  put_dead(out, letter);
  put_revive(out, 9, 55);
  put_note(out, "pause:sms", "1");
  put_note(out, "spends", "");
  Record record;
  RecordReader reader(out.span());
  ASSERT_TRUE(reader.next(&record));
  EXPECT_EQ(record.kind, RecordKind::retry);
  EXPECT_EQ(record.sequence, 7u);
  EXPECT_EQ(record.due_ms, 1'700'000'000'000);
  EXPECT_EQ(record.attempts, 2);
  ASSERT_TRUE(reader.next(&record));
  EXPECT_EQ(record.kind, RecordKind::dead);
  EXPECT_EQ(record.died_ms, letter.died_ms);
  EXPECT_EQ(record.bytes, letter.bytes);
  EXPECT_EQ(record.reason, "http 404");
  EXPECT_EQ(record.excerpt, "not here");
  ASSERT_TRUE(reader.next(&record));
  EXPECT_EQ(record.kind, RecordKind::revive);
  ASSERT_TRUE(reader.next(&record));
  EXPECT_EQ(record.name, "pause:sms");
  EXPECT_EQ(record.value, "1");
  ASSERT_TRUE(reader.next(&record));
  EXPECT_EQ(record.value, "");
  EXPECT_EQ(reader.offset() + reader.length(), out.size());
  EXPECT_FALSE(reader.next(&record));
  EXPECT_TRUE(reader.ok());
}

// Whatever bytes come, reading ends, within them.
RC_GTEST_PROP(Record, NonsenseIsRefusedNotFollowed, ()) {
  const auto noise = *rc::gen::arbitrary<std::vector<uint8_t>>();
  Record record;
  RecordReader reader(std::as_bytes(std::span(noise)));
  size_t records = 0;
  while (reader.next(&record)) {
    ++records;
    RC_ASSERT(reader.offset() + reader.length() <= noise.size());
  }
  RC_ASSERT(records <= noise.size());
}

}  // namespace
}  // namespace forebay
