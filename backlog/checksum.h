// XXH3, the one checksum of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace forebay {

uint64_t checksum(std::span<const std::byte> bytes, uint64_t seed = 0);

}  // namespace forebay
