// A key (a tenant, a phone number) as a number: XXH3 of its bytes, seeded by the store, so that nobody outside can
// choose keys that collide. 0 means no key, so the one key in 2^64 that hashes to it goes by 1. The seed is as old as
// the store: hashes in the journal stay good.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"

namespace forebay {

uint64_t key_seed(std::span<const uint8_t, 16> store_key);

// Of no bytes: 0.
KeyHash key_hash(std::string_view key, uint64_t seed);

}  // namespace forebay
