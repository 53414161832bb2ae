// Prober: somebody outside who asks one server a small question again and again, on a thread of its own, and times the
// answers. It sees what the server's own figures cannot: the wait before its loop even looked.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace forebay::bench {

class Prober {
 public:
  // GET `path` over one kept-alive connection to 127.0.0.1, `interval_ms` after each answer, until end().
  Prober(uint16_t port, const std::string& path, int interval_ms);
  ~Prober() { end(); }
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Milliseconds each, from before the write to after the read of the answer's first bytes.
  const std::vector<double>& end();
  // "" or why it stopped early.
  const std::string& error() const { return error_; }

 private:
  void run(uint16_t port, const std::string& request, int interval_ms);

  std::atomic<bool> ending_ = false;
  std::vector<double> times_ms_;
  std::string error_;
  std::thread thread_;
};

}  // namespace forebay::bench
