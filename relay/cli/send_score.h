// SendScore: what became of a burst. Only 202 counts as accepted. Pure: times are handed in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace forebay {

// Counts of latencies in buckets 1/32 of a power of two wide: quantiles within 3.2 %, of any number of
// samples.
class LatencyHistogram {
 public:
  void add(int64_t ns);
  uint64_t count() const { return count_; }
  double quantile_ms(double q) const;  // upper edge of the bucket; 0 without samples

 private:
  std::array<uint64_t, 64 * 32> buckets_{};
  uint64_t count_ = 0;
};

class SendScore {
 public:
  void began(int64_t now_ns);  // the first request leaves; later calls change nothing
  void accepted(uint32_t messages, int64_t latency_ns, int64_t now_ns);
  // Refused for good. `why` is kept for the first of each status; status 0: never answered.
  void refused(int status, uint32_t messages, const std::string& why);
  void resent(int status, uint32_t messages);  // told to come again later, or the connection closed (0)

  uint64_t accepted_messages() const { return accepted_; }
  uint64_t refused_messages() const { return refused_; }
  uint64_t resent_messages() const;
  double seconds() const;  // first request to last 202
  double accepted_per_second() const;
  std::string text() const;
  std::string json() const;

 private:
  struct Count {
    uint64_t messages = 0;
    std::string why;
  };
  uint64_t accepted_ = 0, requests_ = 0, refused_ = 0;
  std::map<int, Count> refusals_;
  std::map<int, uint64_t> resent_;
  LatencyHistogram latency_;
  int64_t began_ns_ = 0, last_ns_ = 0;
};

}  // namespace forebay
