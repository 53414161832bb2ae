// Metrics: what Forebay tells Prometheus, as typed handles made once from the config's names.
//
// Promise: every series exists from the start (counters at 0, so that rate() works); labels hold names from the
// config and words of the closed sets below, never a key, an id or free text. A handle is valid as long as the
// Metrics. Any thread may count, observe and set: counters and gauges are atomics, a histogram takes an
// uncontended mutex. text() is for other threads than the loop's: it takes milliseconds, and calls take turns.
//
// Units: seconds, bytes, messages, as the name says. "never" is +infinity, printed as +Inf.
// Users include <prometheus/counter.h>, gauge.h or histogram.h themselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "config/config.h"
#include "sinks/sink.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace forebay {

// One handle per word of a closed label: `metrics.sink(0).attempts[Outcome::Kind::retry]->Increment()`.
template <typename Metric, typename Word, size_t words>
class ByWord {
 public:
  Metric*& operator[](Word word) { return each_[static_cast<size_t>(word)]; }
  Metric* operator[](Word word) const { return each_[static_cast<size_t>(word)]; }
  auto begin() const { return each_.begin(); }
  auto end() const { return each_.end(); }
  static constexpr size_t size() { return words; }

 private:
  std::array<Metric*, words> each_{};
};

struct QueueMetrics {
  // Why messages were not taken in.
  enum class Refusal : uint8_t { backlog_full, disk_full, disk_error, late, stopping };
  // Why a message became a dead letter. crashed: its attempts never ended; unreadable: its place on disk is
  // damaged.
  enum class Death : uint8_t { attempts, refused, max_age, crashed, unreadable };
  // Why a dead letter left its store without anybody's doing: drop_oldest made room, or its dead.ttl passed.
  enum class Drop : uint8_t { full, ttl };
  enum class State : uint8_t { ready, delayed, retrying, in_flight, leased, dead };

  // Of class "default", the only one so far.
  prometheus::Counter* accepted = nullptr;
  prometheus::Counter* delivered = nullptr;
  prometheus::Histogram* delivery_delay_seconds = nullptr;  // from due (or accepted) to delivered
  ByWord<prometheus::Gauge, State, 6> backlog_messages;

  ByWord<prometheus::Counter, Refusal, 5> refused;
  ByWord<prometheus::Counter, Death, 5> dead_letters;
  ByWord<prometheus::Counter, Drop, 2> dead_letters_dropped;
  prometheus::Counter* retries = nullptr;
  prometheus::Counter* cost_misses = nullptr;
  prometheus::Gauge* backlog_bytes = nullptr;
  prometheus::Gauge* backlog_max_messages = nullptr;  // set from the config
  prometheus::Gauge* ttl_seconds = nullptr;           // set from the config
  prometheus::Gauge* oldest_age_seconds = nullptr;
  prometheus::Gauge* drain_seconds = nullptr;
};

struct LimitMetrics {
  std::string name;
  prometheus::Gauge* utilization_ratio = nullptr;
  prometheus::Gauge* effective = nullptr;
  prometheus::Counter* blocked_seconds = nullptr;
};

struct SinkMetrics {
  enum class State : uint8_t { open, paused, throttled, breaker };

  ByWord<prometheus::Counter, Outcome::Kind, 6> attempts;
  prometheus::Histogram* downstream_seconds = nullptr;  // of one attempt, hand-over to outcome
  ByWord<prometheus::Gauge, State, 4> state;            // 1 for the state it is in; see set_state()
  std::vector<LimitMetrics> limits;                     // as in SinkConfig::limits
  LimitMetrics concurrency;                             // limit="concurrency"

  void set_state(State now) const;
};

struct JournalMetrics {
  enum class Kind : uint8_t { live, dead, free };

  prometheus::Histogram* sync_seconds = nullptr;
  prometheus::Histogram* group_size = nullptr;  // messages that shared one sync
  ByWord<prometheus::Gauge, Kind, 3> bytes;
  prometheus::Counter* written_calls = nullptr;  // bytes passed to write calls
  prometheus::Counter* written_pages = nullptr;  // bytes of the pages dirtied between syncs
  prometheus::Counter* torn_tails = nullptr;
  prometheus::Gauge* quarantined_segments = nullptr;
  prometheus::Gauge* disk_free_bytes = nullptr;
};

class Metrics {
 public:
  Metrics(const Config& config, std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `index` is the queue's place in the Config it was made from.
  const QueueMetrics& queue(size_t index) const { return *queues_.at(index); }
  const SinkMetrics& sink(SinkId id) const { return *sinks_.at(id); }
  // nullptr: no config had one of that name so far.
  const QueueMetrics* find_queue(std::string_view name) const;
  const SinkMetrics* find_sink(std::string_view name) const;

  // Another config is in force: series for what is new, bounds and limits as they are now. A limit that is gone loses
  // its series; those of queues and sinks that are gone stay as they were, since they may come back.
  void follow(const Config& config);
  const JournalMetrics& journal() const { return journal_; }

  prometheus::Counter* expired = nullptr;
  prometheus::Counter* cancelled = nullptr;
  prometheus::Histogram* loop_lag_seconds = nullptr;
  prometheus::Gauge* config_reload_success = nullptr;       // 1 from the start: the config that runs was read
  prometheus::Gauge* config_last_reload_seconds = nullptr;  // Unix time; the start's until there was one

  // The text exposition format, version 0.0.4. Reads /proc for process_*.
  std::string text();

 private:
  struct Families;
  QueueMetrics& add_queue(const std::string& name);
  SinkMetrics& add_sink(const std::string& name);
  LimitMetrics add_limit(const std::string& sink, const std::string& name);
  void remove_limit(const LimitMetrics& limit);
  void follow_queue(const std::string& name, const QueueConfig& config);
  void follow_sink(const std::string& name, const SinkConfig& config);
  void add_journal();
  void add_process(std::string_view version);

  struct Inside;
  std::unique_ptr<Inside> inside_;
  std::vector<std::unique_ptr<QueueMetrics>> queues_;
  std::vector<std::unique_ptr<SinkMetrics>> sinks_;
  std::map<std::string, QueueMetrics*, std::less<>> queue_of_;
  std::map<std::string, SinkMetrics*, std::less<>> sink_of_;
  JournalMetrics journal_;
};

// For totals that are kept elsewhere: brings the counter up to `total`. It never goes back.
void raise_to(prometheus::Counter& counter, double total);

}  // namespace forebay
