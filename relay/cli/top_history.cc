#include "relay/cli/top_history.h"

#include <algorithm>

namespace forebay {
namespace {

// A count that fell is a relay that was started again.
std::optional<double> rate(uint64_t before, uint64_t now, double seconds) {
  if (now < before || seconds <= 0) return std::nullopt;
  return static_cast<double>(now - before) / seconds;
}

}  // namespace

void TopHistory::look(const ShownStatus& status, Instant at) {
  const double seconds = last_ ? (at - *last_).as_seconds() : 0;
  last_ = at;
  for (auto& [name, known] : queues_) known.seen = false;
  for (const ShownQueue& queue : status.queues) {
    const auto [entry, is_new] = queues_.try_emplace(queue.name);
    Known& known = entry->second;
    QueueTrend& trend = known.trend;
    trend.in = is_new ? std::nullopt : rate(known.accepted, queue.accepted, seconds);
    trend.out = is_new ? std::nullopt : rate(known.delivered, queue.delivered, seconds);
    known.accepted = queue.accepted;
    known.delivered = queue.delivered;
    known.seen = true;
    trend.waiting.push_back(static_cast<double>(queue.waiting()));
    if (trend.waiting.size() > looks_max) trend.waiting.erase(trend.waiting.begin());
  }
  std::erase_if(queues_, [](const auto& entry) { return !entry.second.seen; });
}

const QueueTrend& TopHistory::of(const std::string& queue) const {
  static const QueueTrend none;
  const auto found = queues_.find(queue);
  return found == queues_.end() ? none : found->second.trend;
}

double TopHistory::peak() const {
  double peak = 0;
  for (const auto& [name, known] : queues_) peak = std::max(peak, std::ranges::max(known.trend.waiting));
  return peak;
}

}  // namespace forebay
