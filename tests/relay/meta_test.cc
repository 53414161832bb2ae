#include "relay/meta.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace forebay {
namespace {

RC_GTEST_PROP(MetaProperty, comes_back_as_it_went,
              (const std::string& type, const std::string& key, const std::string& idempotency,
               const std::vector<std::pair<std::string, std::string>>& headers, uint32_t not_before)) {
  Meta meta;
  meta.content_type = type;
  meta.key = key;
  meta.idempotency_key = idempotency;
  meta.not_before_ms = not_before;
  meta.method = key;
  meta.target = type;
  for (const auto& [name, value] : headers) meta.forward.emplace_back(name, value);
  std::string bytes = "before";
  encode_meta(meta, &bytes);
  const auto back = decode_meta(std::string_view(bytes).substr(6));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->content_type == type);
  RC_ASSERT(back->key == key);
  RC_ASSERT(back->method == key);
  RC_ASSERT(back->target == type);
  RC_ASSERT(back->idempotency_key == idempotency);
  RC_ASSERT(back->not_before_ms == not_before);
  RC_ASSERT(back->forward == meta.forward);
}

RC_GTEST_PROP(MetaProperty, any_bytes_are_read_or_refused, (const std::string& bytes)) {
  const auto meta = decode_meta(bytes);
  if (meta) RC_ASSERT(meta->content_type.size() <= bytes.size());
}

TEST(Meta, cut_short_is_refused) {
  Meta meta;
  meta.content_type = "application/json";
  std::string bytes;
  encode_meta(meta, &bytes);
  for (size_t length = 1; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_meta(std::string_view(bytes).substr(0, length))) << length;
  }
}

TEST(Meta, one_that_was_written_before_there_were_forwarded_requests_is_read) {
  const std::string bytes(
      "\x01\x03"
      "a/b\x02\x01k\x06\x01X\x07\x01y",
      14);
  const auto meta = decode_meta(bytes);
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->content_type, "a/b");
  EXPECT_EQ(meta->key, "k");
  ASSERT_EQ(meta->forward.size(), 1u);
  EXPECT_EQ(meta->forward[0].second, "y");
  EXPECT_TRUE(meta->method.empty());
  EXPECT_TRUE(meta->target.empty());
}

TEST(Meta, a_later_versions_field_is_skipped) {
  std::string bytes("\x7f\x03xyz", 5);
  Meta meta;
  meta.key = "k";
  encode_meta(meta, &bytes);
  ASSERT_TRUE(decode_meta(bytes));
  EXPECT_EQ(decode_meta(bytes)->key, "k");
}

}  // namespace
}  // namespace forebay
