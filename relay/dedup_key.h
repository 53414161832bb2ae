// What an Idempotency-Key stands for, as two numbers. Both are XXH3 under the store's key, so that nobody outside can
// choose keys that collide; both cover the scope (token name, queue or topic) and the key. Should two keys ever meet in
// the first number (one pair in 2^64), they differ in the second, and the later one is refused, never swallowed.
#pragma once

#include <cstdint>
#include <span>

#include "doors/intake.h"

namespace forebay {

struct DedupKey {
  uint64_t key = 0;      // of scope and key; never 0
  uint64_t content = 0;  // of scope, key, content type, method, target and body
  bool operator==(const DedupKey&) const = default;
};

DedupKey dedup_key(const NewMessage& message, std::span<const uint8_t, 16> store_key);

}  // namespace forebay
