#include "load.h"

#include <poll.h>

#include "dialects.h"
#include "proc.h"

namespace forebay::bench {

uint64_t fill(const Relay& relay, uint64_t count, const std::string& queue) {
  constexpr uint32_t kBatch = 256;
  const uint64_t requests = (count + kBatch - 1) / kBatch;
  const HammerResult result = hammer({.port = relay.http_port(),
                                      .connections = 8,
                                      .request = http_batch(queue, kBatch),
                                      .read = http_replies(202),
                                      .requests_max = requests});
  if (result.good != requests) die("filling the relay: " + result.error);
  return requests * kBatch;
}

void await_empty(const Relay& relay, double seconds_max) {
  const int64_t began = steady_ns();
  while (relay.waiting() > 0) {
    if (static_cast<double>(steady_ns() - began) / 1e9 > seconds_max) die("the relay does not drain");
    poll(nullptr, 0, 50);
  }
}

}  // namespace forebay::bench
