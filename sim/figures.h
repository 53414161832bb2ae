// Figures: what happened in a world, kept event by event, and asked afterwards. Times are since the world began.
// A stretch is [from, to); delays are from coming in (or the end of a delay) to the first send.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/observer.h"

namespace forebay::sim {

// What a question is about; what is not given matches all.
struct Which {
  std::optional<QueueId> queue;
  std::optional<uint8_t> klass;
  std::optional<SinkId> sink;
  Duration from;
  Duration to = Duration::max();
};

class Figures : public Observer {
 public:
  explicit Figures(Instant begin) : begin_(begin) {}

  uint64_t sends(const Which& which) const;
  uint64_t arrivals(const Which& which) const;
  uint64_t taken(const Which& which) const;
  uint64_t refused(const Which& which) const;  // by the downstream
  uint64_t taken_cost(const Which& which) const;
  // The most arrivals in any window (t - per, t].
  uint64_t peak_arrivals(const Which& which, Duration per) const;
  std::optional<Duration> first_send(const Which& which) const;
  std::optional<Duration> last_send(const Which& which) const;
  // The longest time without a send in the stretch, its ends included.
  Duration longest_pause(const Which& which) const;

  // Of first sends within the stretch, in seconds; nothing matched: 0.
  double delay_mean(const Which& which) const;
  double delay_quantile(const Which& which, double q) const;  // q = 1: the longest
  double delay_of(const Which& which, uint64_t k) const;      // of the k-th that was sent, from 0

  uint64_t delivered(const Which& which) const { return counted(delivered_, which); }
  uint64_t expired(const Which& which) const { return counted(expired_, which); }
  uint64_t dead(const Which& which) const { return counted(dead_, which); }
  uint64_t accepted(const Which& which) const { return counted(accepted_, which); }
  uint64_t turned_away(const Which& which) const { return counted(turned_away_, which); }

  void accepted(const Event& event) override { note(event, &accepted_); }
  void refused(const Event& event, const Refusal&) override { note(event, &turned_away_); }
  void sent(const Event& event) override;
  void arrived(const Event& event, bool taken) override;
  void delivered(const Event& event) override { note(event, &delivered_); }
  void expired(const Event& event) override { note(event, &expired_); }
  void dead(const Event& event) override { note(event, &dead_); }

 private:
  struct Row {
    Duration at;
    Duration waited;
    uint32_t cost;
    QueueId queue;
    SinkId sink;
    uint8_t klass;
    bool first = false;  // attempt; of arrivals: taken
  };
  using Rows = std::vector<Row>;

  Row row_of(const Event& event) const;
  void note(const Event& event, Rows* rows) const { rows->push_back(row_of(event)); }
  template <class F>
  static void each(const Rows& rows, const Which& which, F&& f);
  static uint64_t counted(const Rows& rows, const Which& which);
  std::vector<Duration> delays(const Which& which) const;

  Instant begin_;
  Rows sent_, arrived_, accepted_, turned_away_, delivered_, expired_, dead_;  // in order of time
};

}  // namespace forebay::sim
