#include "backlog/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace forebay {

uint64_t checksum(std::span<const std::byte> bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace forebay
