// TopHistory: what `forebay top` learns from one look at the status to the next: rates, and how the backlog went.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "relay/cli/shown_status.h"

namespace forebay {

struct QueueTrend {
  std::optional<double> in, out;  // messages per second between the last two looks; nullopt: not known
  std::vector<double> waiting;    // one a look, the newest last, `looks_max` at most
};

class TopHistory {
 public:
  static constexpr size_t looks_max = 240;

  void look(const ShownStatus& status, Instant at);
  // Of a queue that was there at the last look.
  const QueueTrend& of(const std::string& queue) const;
  double peak() const;  // the most that waited in any queue at any look

 private:
  struct Known {
    uint64_t accepted = 0, delivered = 0;
    bool seen = false;  // at the last look
    QueueTrend trend;
  };
  std::map<std::string, Known> queues_;
  std::optional<Instant> last_;
};

}  // namespace forebay
