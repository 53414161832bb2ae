// Caller: one connection that asks and waits for the answer, for measurements whose requests follow from answers.
#pragma once

#include <cstdint>
#include <string>

namespace forebay::bench {

class Caller {
 public:
  explicit Caller(uint16_t port);
  ~Caller();
  Caller(const Caller&) = delete;
  // The answer's body; anything but a 200 ends the benchmark.
  std::string ask(const std::string& request);

 private:
  int fd_;
  std::string buffer_;
};

}  // namespace forebay::bench
