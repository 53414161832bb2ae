// Hammer: drives any request-reply server over loopback: N connections, each with up to W requests
// outstanding. One thread, epoll. The same code drives Forebay and what it is compared with, so that both are
// driven alike.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace forebay::bench {

// Counts the whole replies at the front of `bytes`; sets how many bytes they took and how many were bad.
struct Replies {
  size_t consumed = 0;
  uint64_t good = 0, bad = 0;
};
using ReplyReader = std::function<Replies(std::string_view bytes)>;

struct HammerOptions {
  uint16_t port = 0;
  uint32_t connections = 1;
  uint32_t window = 1;  // requests outstanding on each connection
  std::string request;  // what is sent each time
  uint64_t replies_per_request = 1;
  ReplyReader read;
  uint64_t requests_max = ~0ull;
  double seconds_max = 1e9;
  double requests_per_second = 0;  // 0: as fast as replies come
  bool tls = false;                // every connection shakes hands before the first request
};

struct HammerResult {
  uint64_t good = 0, bad = 0;     // replies
  double seconds = 0;             // first request to last reply
  double p50_ms = 0, p99_ms = 0;  // of requests
  std::string error;              // empty: none
  double per_second() const { return seconds > 0 ? static_cast<double>(good) / seconds : 0; }
};

HammerResult hammer(const HammerOptions& options);

}  // namespace forebay::bench
