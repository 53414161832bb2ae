// Binding: what holds a queue back, and for how long. After each turn of the core the queue has one cause or none: the
// limit that is last to agree, of the queue or its sink; where these would let something through, what its oldest
// waiting message names as its reason (a key's limit, hours, a reserve, a breaker). Limits go by their names, the rest
// by its kind. A queue in which nothing is ready has no cause: what is delayed or backs off is not held back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relay/core.h"

namespace forebay::sim {

struct Binding {
  std::string limit;
  Duration held;      // in all
  Duration from, to;  // of the first and the last time, since the start
};

// A calendar or a window of a minute or more, and when nothing was left of it.
struct Quota {
  struct Out {
    Duration at, until;  // since the start; until: something got through again, or the plan ended
  };
  std::string limit;
  std::string of;  // "sink sms-gateway" or "queue sms"
  std::vector<Out> out;
};

class BindingWatch {
 public:
  BindingWatch(const Queue& queue, const Config& config, Instant begin);

  void turned(Now now, Core& core);
  // The last of it; then bindings() and quotas() may be asked.
  void finish(Now now) { change(now, {}); }
  // Longest first.
  std::vector<Binding> bindings() const;
  const std::vector<Quota>& quotas() const { return quotas_; }

 private:
  struct Known {
    Duration merge;  // gaps as short as that are not the end of being out
    bool calendar, of_queue;
  };

  std::string_view cause(Now now, Core& core);
  std::string_view by_oldest(const Queue& queue, Now now, Core& core);
  void change(Now now, std::string_view cause);
  void look_at_quota(Now now, const Queue& queue, const SinkLane& lane);
  void add_quotas(const std::vector<LimitConfig>& limits, const std::string& of, bool of_queue);

  QueueId id_;
  Instant begin_;
  Sequence oldest_ = 1;  // what is below it of this queue is over
  std::string cause_, found_;
  Instant since_;
  size_t quota_ = 0;  // place of cause_ in quotas_ when it is out; quotas_.size(): not
  std::vector<Binding> bindings_;
  std::vector<Quota> quotas_;
  std::vector<Known> known_;  // of quotas_
};

}  // namespace forebay::sim
