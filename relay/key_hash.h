// KeyHash: a key as a number. XXH3 of its bytes, 64 bits, seeded by the store's secret, so that nobody can make keys
// that collide; among two million keys two collide with a chance of 1e-7. Stable for the life of the store.
#pragma once

#include <xxhash.h>

#include <cstring>
#include <span>
#include <string_view>

#include "base/ids.h"

namespace forebay {

// `secret`: Backlog::id_key().
inline KeyHash key_hash(std::string_view key, std::span<const uint8_t, 16> secret) {
  uint64_t seed = 0;
  std::memcpy(&seed, secret.data(), sizeof seed);
  const KeyHash hash = XXH3_64bits_withSeed(key.data(), key.size(), seed);
  return hash != 0 ? hash : 1;  // 0 is no key
}

}  // namespace forebay
