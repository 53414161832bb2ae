// GatewayScore: what a downstream saw, as a pure function of arrival stamps.
//
// Worst windows are exact: the largest number of arrivals in any half-open window [t, t + W), found by
// keeping the arrivals of the last W (two pointers, online), so memory follows the busiest second, not the
// run. The variation is that of counts per 100 ms slot, from the first arrival to the last whole slot.
// Duplicates are ids answered 200 more than once, known by a 64-bit hash, for the first 16 M ids.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace forebay {

// The largest count of stamps in any half-open window of a fixed length.
class WorstWindow {
 public:
  explicit WorstWindow(int64_t length_ns) : length_ns_(length_ns) {}
  void add(int64_t at_ns);  // rising or equal
  uint64_t worst() const { return worst_; }

 private:
  int64_t length_ns_;
  uint64_t worst_ = 0;
  std::deque<int64_t> within_;
};

// Mean and coefficient of variation of counts per slot; only whole slots count.
class SlotVariation {
 public:
  explicit SlotVariation(int64_t slot_ns) : slot_ns_(slot_ns) {}
  void add(int64_t at_ns);  // rising or equal
  double cv() const;        // 0 with fewer than two whole slots

 private:
  void close_slots(uint64_t until_slot);

  int64_t slot_ns_;
  int64_t first_ns_ = -1;
  uint64_t slot_ = 0, in_slot_ = 0;
  double slots_ = 0, sum_ = 0, squares_ = 0;
};

struct GatewaySummary {
  uint64_t arrivals = 0, taken = 0, refused = 0, failed = 0, duplicates = 0;
  uint64_t unique_ids = 0;
  bool ids_capped = false;  // more than 16 M ids: duplicates are a lower bound
  uint64_t worst_1s = 0, worst_100ms = 0;
  double mean_per_second = 0;  // (arrivals - 1) / (last - first)
  double cv_100ms = 0;
  int64_t first_arrival_ns = 0, last_arrival_ns = 0;  // CLOCK_MONOTONIC; 0: none
  int64_t last_taken_ns = 0;
};

class GatewayScore {
 public:
  enum class Answer { taken, refused, failed };

  GatewayScore();
  ~GatewayScore();
  // One arrival; `at_ns` never goes back (asserted). `message_id` may be empty.
  void arrived(int64_t at_ns, Answer answer, std::string_view message_id);
  GatewaySummary summary() const;

 private:
  struct Ids;
  GatewaySummary counts_;
  WorstWindow second_, tenth_;
  SlotVariation slots_;
  std::unique_ptr<Ids> ids_;
};

std::string summary_json(const GatewaySummary& summary);
std::string summary_text(const GatewaySummary& summary);  // a few lines for people

}  // namespace forebay
