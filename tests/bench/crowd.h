// Crowd: thousands of connections that asked one thing and listen. Counts the '~' that come: what is sent to them has
// one a message.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace forebay::bench {

class Crowd {
 public:
  Crowd(uint16_t port, size_t count, const std::string& request);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  // Until so many have come in all, or the time is over; how many have.
  uint64_t listen(uint64_t count, double seconds_max);

 private:
  int epoll_;
  std::vector<int> fds_;
  uint64_t counted_ = 0;
};

}  // namespace forebay::bench
