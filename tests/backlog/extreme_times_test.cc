// Times at both ends of 64 bits: what damaged bytes may hold. Their differences do not fit, and nothing may break by it
// (under the sanitizers an overflow ends the process).
#include <gtest/gtest.h>

#include <limits>

#include "backlog/index_file.h"
#include "backlog/record.h"

namespace forebay {
namespace {

TEST(ExtremeTimes, come_back_as_they_were_written) {
  constexpr int64_t last = std::numeric_limits<int64_t>::max(), first = std::numeric_limits<int64_t>::min();
  MessageFacts one, two;
  one.sequence = 5;
  one.accepted_ms = last;
  one.due_ms = first;
  two = one;
  two.sequence = 6;
  two.accepted_ms = first;
  two.due_ms = two.expires_ms = last;
  const MessageFacts both[] = {one, two};
  ByteBuffer bytes;
  put_message(bytes, false, both, "meta", "body");
  RecordReader reader(bytes.span());
  Record record;
  ASSERT_TRUE(reader.next(&record));
  IndexBuilder builder;
  builder.add_record(record, 4096, reader.length());
  IndexCursor cursor(builder.entries().span());
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(cursor.next());
    for (const MessageFacts& facts : {record.receivers[i], cursor.entry().facts}) {
      EXPECT_EQ(facts.accepted_ms, both[i].accepted_ms);
      EXPECT_EQ(facts.due_ms, both[i].due_ms);
      EXPECT_EQ(facts.expires_ms, both[i].expires_ms);
    }
  }
}

// Found by fuzzing: a due time of 0 is none, by whichever clock; it was written as held, and what followed was misread.
TEST(ExtremeTimes, due_at_zero_by_wall_clock_is_not_held) {
  MessageFacts facts;
  facts.sequence = 5;
  facts.accepted_ms = 7;
  facts.due_by_wall = true;
  ByteBuffer bytes;
  put_message(bytes, false, {&facts, 1}, "meta", "body");
  RecordReader reader(bytes.span());
  Record record;
  ASSERT_TRUE(reader.next(&record));
  EXPECT_EQ(record.body, "body");
  IndexBuilder builder;
  builder.add({facts, 4096, reader.length(), false});
  IndexCursor cursor(builder.entries().span());
  ASSERT_TRUE(cursor.next());
  EXPECT_FALSE(record.receivers[0].held || cursor.entry().facts.held);
  EXPECT_EQ(record.receivers[0].due_ms, 0);
}

}  // namespace
}  // namespace forebay
