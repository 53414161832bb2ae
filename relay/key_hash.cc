#include "relay/key_hash.h"

#include <xxhash.h>

namespace forebay {

uint64_t key_seed(std::span<const uint8_t, 16> store_key) {
  return XXH3_64bits(store_key.data(), store_key.size());
}

KeyHash key_hash(std::string_view key, uint64_t seed) {
  if (key.empty()) return 0;
  const KeyHash hash = XXH3_64bits_withSeed(key.data(), key.size(), seed);
  return hash == 0 ? 1 : hash;
}

}  // namespace forebay
