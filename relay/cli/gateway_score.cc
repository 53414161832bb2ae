#include "relay/cli/gateway_score.h"

#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <cassert>
#include <cmath>

namespace forebay {
namespace {
constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kIdsMax = 16'000'000;
}  // namespace

void WorstWindow::add(int64_t at_ns) {
  assert(within_.empty() || within_.back() <= at_ns);
  within_.push_back(at_ns);
  while (at_ns - within_.front() >= length_ns_) within_.pop_front();
  if (within_.size() > worst_) worst_ = within_.size();
}

void SlotVariation::add(int64_t at_ns) {
  if (first_ns_ < 0) first_ns_ = at_ns;
  const auto slot = static_cast<uint64_t>((at_ns - first_ns_) / slot_ns_);
  if (slot != slot_) close_slots(slot);
  ++in_slot_;
}

void SlotVariation::close_slots(uint64_t until_slot) {
  assert(until_slot > slot_);
  const auto count = static_cast<double>(in_slot_);
  slots_ += static_cast<double>(until_slot - slot_);  // those skipped had no arrival
  sum_ += count;
  squares_ += count * count;
  slot_ = until_slot;
  in_slot_ = 0;
}

double SlotVariation::cv() const {
  if (slots_ < 2 || sum_ == 0) return 0;
  const double mean = sum_ / slots_;
  const double variance = squares_ / slots_ - mean * mean;
  return variance <= 0 ? 0 : std::sqrt(variance) / mean;
}

struct GatewayScore::Ids {
  absl::flat_hash_set<uint64_t> seen;
};

GatewayScore::GatewayScore()
    : second_(kSecond), tenth_(kSecond / 10), slots_(kSecond / 10), ids_(std::make_unique<Ids>()) {}
GatewayScore::~GatewayScore() = default;

void GatewayScore::arrived(int64_t at_ns, Answer answer, std::string_view message_id) {
  assert(at_ns >= counts_.last_arrival_ns);
  if (counts_.arrivals++ == 0) counts_.first_arrival_ns = at_ns;
  counts_.last_arrival_ns = at_ns;
  second_.add(at_ns);
  tenth_.add(at_ns);
  slots_.add(at_ns);
  if (answer == Answer::refused) ++counts_.refused;
  if (answer == Answer::failed) ++counts_.failed;
  if (answer != Answer::taken) return;
  ++counts_.taken;
  counts_.last_taken_ns = at_ns;
  if (message_id.empty()) return;
  const uint64_t hash = XXH3_64bits(message_id.data(), message_id.size());
  if (ids_->seen.contains(hash)) {
    ++counts_.duplicates;
  } else if (ids_->seen.size() < kIdsMax) {
    ids_->seen.insert(hash);
  } else {
    counts_.ids_capped = true;
  }
}

GatewaySummary GatewayScore::summary() const {
  GatewaySummary summary = counts_;
  summary.unique_ids = ids_->seen.size();
  summary.worst_1s = second_.worst();
  summary.worst_100ms = tenth_.worst();
  summary.cv_100ms = slots_.cv();
  const int64_t span_ns = summary.last_arrival_ns - summary.first_arrival_ns;
  if (span_ns > 0) {
    summary.mean_per_second = static_cast<double>(summary.arrivals - 1) * 1e9 / static_cast<double>(span_ns);
  }
  return summary;
}

std::string summary_json(const GatewaySummary& s) {
  return fmt::format(
      "{{\"arrivals\":{},\"taken\":{},\"refused\":{},\"failed\":{},\"duplicates\":{},\"unique_ids\":{},"
      "\"ids_capped\":{},\"worst_1s\":{},\"worst_100ms\":{},\"mean_per_second\":{:.3f},\"cv_100ms\":{:.4f},"
      "\"first_arrival_ns\":{},\"last_arrival_ns\":{},\"last_taken_ns\":{}}}",
      s.arrivals, s.taken, s.refused, s.failed, s.duplicates, s.unique_ids, s.ids_capped, s.worst_1s, s.worst_100ms,
      s.mean_per_second, s.cv_100ms, s.first_arrival_ns, s.last_arrival_ns, s.last_taken_ns);
}

std::string summary_text(const GatewaySummary& s) {
  const double span = static_cast<double>(s.last_arrival_ns - s.first_arrival_ns) / 1e9;
  return fmt::format(
      "arrivals    {} in {:.3f} s, {:.1f}/s, variation per 100 ms {:.3f}\n"
      "taken       {}\n"
      "refused     {}\n"
      "failed      {}\n"
      "duplicates  {}{}\n"
      "worst 1 s   {}\n"
      "worst 0.1 s {}\n",
      s.arrivals, span, s.mean_per_second, s.cv_100ms, s.taken, s.refused, s.failed, s.ids_capped ? "at least " : "",
      s.duplicates, s.worst_1s, s.worst_100ms);
}

}  // namespace forebay
