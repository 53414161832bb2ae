#include "relay/message_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>
#include <string>

namespace forebay {
namespace {

constexpr std::array<uint8_t, 16> key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::string text(const MessageId& id) {
  return {id.data(), id.size()};
}

RC_GTEST_PROP(MessageIdProperty, decodes_to_what_was_encoded, (uint64_t sequence, uint16_t queue, uint32_t store)) {
  RC_PRE(sequence != 0);
  MessageIds ids(store, key);
  const auto decoded = ids.decode(text(ids.encode(sequence, queue)));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->sequence == sequence);
  RC_ASSERT(decoded->queue == queue);
}

TEST(MessageId, of_another_store_or_key_is_not_ours) {
  std::array<uint8_t, 16> other = key;
  other[3] ^= 1;
  MessageIds ours(7, key), other_store(8, key), other_key(7, other);
  const std::string id = text(ours.encode(42, 1));
  EXPECT_TRUE(ours.decode(id));
  EXPECT_FALSE(other_store.decode(id));
  EXPECT_FALSE(other_key.decode(id));
}

TEST(MessageId, cannot_be_counted) {
  MessageIds ids(7, key);
  std::set<std::string> prefixes;
  for (Sequence s = 1; s <= 64; ++s) prefixes.insert(text(ids.encode(s, 1)).substr(1, 4));
  EXPECT_GE(prefixes.size(), 60u);
}

TEST(MessageId, is_read_as_crockford_says_and_nothing_else) {
  MessageIds ids(7, key);
  for (Sequence s = 1; s < 200; ++s) {
    std::string id = text(ids.encode(s, 1));
    std::string relaxed = id;
    for (char& c : relaxed) {
      c = c == '0' ? 'O' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
    }
    ASSERT_TRUE(ids.decode(relaxed)) << relaxed;
    EXPECT_EQ(ids.decode(relaxed)->sequence, s);
  }
  for (const char* bad : {"", "0", "00000000000000000000000000", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
                          "0123456789ABCDEFGHJKMNPQU0", "0123456789ABCDEFGHJKMNPQ-0"}) {
    EXPECT_FALSE(ids.decode(bad)) << bad;
  }
}

}  // namespace
}  // namespace forebay
