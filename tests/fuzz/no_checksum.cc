// In the place of backlog/checksum.cc: every checksum is 0, so that a fuzzer gets at what lies behind them. A corpus
// has zeroes where checksums stand.
#include "backlog/checksum.h"

namespace forebay {

uint64_t checksum(std::span<const std::byte>, uint64_t) {
  return 0;
}

}  // namespace forebay
