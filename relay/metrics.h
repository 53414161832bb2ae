// Metrics: what Forebay tells Prometheus, as typed handles made once from the config's names.
//
// Promise: every series exists from the start (counters at 0, so that rate() works); labels hold names from the
// config and words of the closed sets below, never a key, an id or free text. A handle is valid as long as the
// Metrics; those of classes and limits until the next follow(), so ask for them each time. Any thread may count,
// observe and set: counters and gauges are atomics, a histogram takes an uncontended mutex. text() is for other
// threads than the loop's: it takes milliseconds, and calls take turns.
//
// After a reload what is new has its series at once. Classes and limits that are gone lose theirs. Those of queues and
// sinks that are gone stay: their counters go on where they were if they come back.
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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "sinks/sink.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace forebay {

struct MetricFamilies;

// One handle per word of a closed label: `sink.attempts[Outcome::Kind::retry]->Increment()`.
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

// One bound. nullptr: a figure that it does not have.
struct LimitMetrics {
  std::string name;                                // the label; see relay/limit_label.h
  prometheus::Gauge* utilization_ratio = nullptr;  // not of key limits: there are as many as keys
  prometheus::Gauge* effective = nullptr;          // of key limits: what each key may send
  prometheus::Counter* blocked_seconds = nullptr;  // not of those in shadow
  prometheus::Counter* exceeded = nullptr;         // only of those in shadow
  prometheus::Gauge* quota_remaining = nullptr;    // only of calendars
};

// One class of a queue.
struct ClassMetrics {
  enum class State : uint8_t { ready, delayed, retrying, in_flight, leased, held, dead };

  prometheus::Counter* accepted = nullptr;
  prometheus::Counter* delivered = nullptr;
  prometheus::Histogram* delivery_delay_seconds = nullptr;  // from due (or accepted) to delivered
  ByWord<prometheus::Gauge, State, 7> backlog_messages;
  prometheus::Gauge* ttl_seconds = nullptr;  // set from the config
};

struct QueueMetrics {
  // Why messages were not taken in.
  enum class Refusal : uint8_t { backlog_full, disk_full, disk_error, late, stopping, keys_full, producer_limit };
  // Why a message became a dead letter. crashed: its attempts never ended; unreadable: its place on disk is
  // damaged.
  enum class Death : uint8_t { attempts, refused, max_age, crashed, unreadable };
  // Why a dead letter left its store without anybody's doing: drop_oldest made room, or its dead.ttl passed.
  enum class Drop : uint8_t { full, ttl };

  // Those of the config, and "default".
  std::map<std::string, ClassMetrics, std::less<>> classes;
  // One that is not configured (any more) counts as "default".
  const ClassMetrics& of_class(std::string_view name) const;
  std::vector<LimitMetrics> limits;  // as in QueueConfig::limits, then as in its key_limits

  ByWord<prometheus::Counter, Refusal, 7> refused;
  ByWord<prometheus::Counter, Death, 5> dead_letters;
  ByWord<prometheus::Counter, Drop, 2> dead_letters_dropped;
  prometheus::Counter* retries = nullptr;
  prometheus::Counter* cost_misses = nullptr;
  prometheus::Counter* deduplicated = nullptr;
  prometheus::Gauge* backlog_bytes = nullptr;
  prometheus::Gauge* backlog_max_messages = nullptr;  // set from the config
  prometheus::Gauge* oldest_age_seconds = nullptr;
  prometheus::Gauge* drain_seconds = nullptr;
};

struct SinkMetrics {
  enum class State : uint8_t { open, paused, throttled, breaker };

  ByWord<prometheus::Counter, Outcome::Kind, 6> attempts;
  prometheus::Histogram* downstream_seconds = nullptr;  // of one attempt, hand-over to outcome
  ByWord<prometheus::Gauge, State, 4> state;            // 1 for the state it is in; see set_state()
  // As in SinkConfig::limits, then limit="concurrency", then as in key_limits.
  std::vector<LimitMetrics> limits;

  // nullopt: the sink is not in the config any more; it is in no state at all.
  void set_state(std::optional<State> now) const;
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

// How TLS handshakes with the doors ended.
enum class Handshake : uint8_t { done, failed, slow };

class Metrics {
 public:
  Metrics(const Config& config, std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // By name, because places change with a reload. nullptr: no config had one of that name so far.
  const QueueMetrics* find_queue(std::string_view name) const;
  const SinkMetrics* find_sink(std::string_view name) const;

  // Another config is in force: see above.
  void follow(const Config& config);
  const JournalMetrics& journal() const { return journal_; }

  prometheus::Counter* expired = nullptr;
  prometheus::Counter* cancelled = nullptr;
  prometheus::Counter* superseded = nullptr;
  prometheus::Counter* outcomes_dropped = nullptr;
  prometheus::Counter* dropped = nullptr;
  prometheus::Histogram* eta_error_seconds = nullptr;  // of a sample (relay/promises.h)
  prometheus::Gauge* stream_readers = nullptr;
  prometheus::Counter* stream_events = nullptr;
  prometheus::Counter* stream_readers_dropped = nullptr;
  prometheus::Gauge* flows = nullptr;
  prometheus::Gauge* key_memory_bytes = nullptr;
  ByWord<prometheus::Counter, Handshake, 3> tls_handshakes;
  prometheus::Histogram* loop_lag_seconds = nullptr;
  prometheus::Gauge* config_reload_success = nullptr;       // 1 from the start: the config that runs was read
  prometheus::Gauge* config_last_reload_seconds = nullptr;  // Unix time; the start's until there was one

  // The text exposition format, version 0.0.4. Reads /proc for process_*.
  std::string text();

 private:
  QueueMetrics make_queue(const std::string& name);
  SinkMetrics make_sink(const std::string& name);
  ClassMetrics add_class(const std::string& queue, const std::string& name);
  void remove_class(const ClassMetrics& klass);
  LimitMetrics add_limit(const std::string& sink, const std::string& name, const LimitConfig& config);
  LimitMetrics add_key_limit(const std::string& sink, const std::string& name, const LimitConfig& config);
  void use_limits(std::vector<LimitMetrics>* limits, std::vector<LimitMetrics> now);
  void follow_classes(const std::string& queue, QueueMetrics& metrics, const QueueConfig& config);
  void follow_queue(const std::string& name, const QueueConfig& config);
  void follow_sink(const std::string& name, const SinkConfig& config);
  void add_messages();
  void add_journal();
  void add_process(std::string_view version);

  struct Inside;
  std::unique_ptr<Inside> inside_;
  std::unique_ptr<MetricFamilies> families_;  // in inside_'s registry
  std::map<std::string, QueueMetrics, std::less<>> queues_;
  std::map<std::string, SinkMetrics, std::less<>> sinks_;
  JournalMetrics journal_;
};

// For totals that are kept elsewhere: brings the counter up to `total`. It never goes back.
void raise_to(prometheus::Counter& counter, double total);

}  // namespace forebay
