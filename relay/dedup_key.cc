#include "relay/dedup_key.h"

#include <string>
#include <string_view>

#include <xxhash.h>

#include "relay/key_hash.h"

namespace forebay {
namespace {

// Each with its length, so that no two lists of texts read alike.
void put(std::string* out, std::string_view text) {
  const uint64_t length = text.size();
  out->append(reinterpret_cast<const char*>(&length), sizeof length);
  out->append(text);
}

}  // namespace

DedupKey dedup_key(const NewMessage& message, std::span<const uint8_t, 16> store_key) {
  const uint64_t seed = key_seed(store_key);
  std::string scope;
  put(&scope, message.by);
  put(&scope, message.topic.empty() ? "queue" : "topic");
  put(&scope, message.topic.empty() ? message.queue : message.topic);
  put(&scope, message.idempotency_key);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(scope.data(), scope.size(), seed);
  std::string head;
  put(&head, message.content_type);
  if (!message.method.empty()) put(&head, message.method), put(&head, message.target);
  const uint64_t of_head = XXH3_64bits_withSeed(head.data(), head.size(), hash.high64);
  const uint64_t content = XXH3_64bits_withSeed(message.body.data(), message.body.size(), of_head);
  return {hash.low64 == 0 ? 1 : hash.low64, content};
}

}  // namespace forebay
