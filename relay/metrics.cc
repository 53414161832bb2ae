#include "relay/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <mutex>
#include <sstream>
#include <utility>

#include "relay/process_collector.h"

namespace forebay {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

using Buckets = Histogram::BucketBoundaries;

// Every histogram's upper bounds, in seconds or messages. What waits for hours needs few buckets but wide
// ones.
const Buckets delay_buckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,    2.5,   5,     10,
                               30,    60,   120,   300,  600, 1800, 3600, 7200, 14400, 43200, 86400};
const Buckets downstream_buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const Buckets sync_buckets = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                              0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   5};
const Buckets lag_buckets = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                             0.05,   0.1,     0.25,   0.5,   1,      2.5,   5};
const Buckets group_buckets = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16384};

// The words of each closed label, in the order of its enum.
constexpr std::array refusal_words = {"backlog_full", "disk_full", "disk_error", "late", "stopping"};
constexpr std::array death_words = {"attempts", "refused", "max_age", "crashed", "unreadable"};
constexpr std::array drop_words = {"full", "ttl"};
constexpr std::array backlog_words = {"ready", "delayed", "retrying", "in_flight", "leased", "dead"};
constexpr std::array outcome_words = {"delivered", "retry", "throttled", "dead", "sink_fault", "unanswered"};
constexpr std::array sink_state_words = {"open", "paused", "throttled", "breaker"};
constexpr std::array journal_words = {"live", "dead", "free"};

Family<Counter>& counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

template <typename Metric, typename Word, size_t n>
void add_words(Family<Metric>& family, Labels labels, const char* label, const std::array<const char*, n>& words,
               ByWord<Metric, Word, n>* handles) {
  for (size_t i = 0; i < n; i++) {
    labels[label] = words[i];
    (*handles)[static_cast<Word>(i)] = &family.Add(labels);
  }
}

}  // namespace

// The families that have one series or more per queue or sink. They live in the registry.
struct Metrics::Families {
  explicit Families(Registry& r);

  Family<Counter>&accepted, &refused, &delivered, &retries, &dead_letters, &dead_dropped, &cost_misses;
  Family<Gauge>&messages, &bytes, &max_messages, &ttl, &oldest_age, &drain;
  Family<Histogram>& delay;
  Family<Counter>& attempts;
  Family<Histogram>& downstream;
  Family<Gauge>&sink_state, &utilization, &effective;
  Family<Counter>& blocked;
};

Metrics::Families::Families(Registry& r)
    : accepted(counters(r, "forebay_accepted_messages_total", "Messages accepted: synced to disk.")),
      refused(counters(r, "forebay_refused_messages_total", "Messages not taken in, by reason.")),
      delivered(counters(r, "forebay_delivered_messages_total", "Messages that the sink took.")),
      retries(counters(r, "forebay_retries_total", "Attempts that ended in another attempt later.")),
      dead_letters(counters(r, "forebay_dead_letters_total", "Messages given up on and kept, by reason.")),
      dead_dropped(counters(r, "forebay_dead_letters_dropped_total",
                            "Dead letters that left their store by themselves: drop_oldest, or dead.ttl.")),
      cost_misses(
          counters(r, "forebay_cost_misses_total", "Messages without a cost where the config points; they cost 1.")),
      messages(gauges(r, "forebay_backlog_messages", "Messages in the backlog, by state.")),
      bytes(gauges(r, "forebay_backlog_bytes", "Bytes of body and metadata in the backlog.")),
      max_messages(gauges(r, "forebay_backlog_max_messages", "The queue's bound on waiting messages.")),
      ttl(gauges(r, "forebay_ttl_seconds", "The ttl of messages that bring none of their own; +Inf: none.")),
      oldest_age(
          gauges(r, "forebay_backlog_oldest_age_seconds", "Age of the oldest message that waits; 0: none does.")),
      drain(gauges(r, "forebay_backlog_drain_seconds",
                   "Time until all that waits now is sent at the limits in force; +Inf: never.")),
      delay(histograms(r, "forebay_delivery_delay_seconds",
                       "From when a message was due (or accepted) to its delivery.")),
      attempts(counters(r, "forebay_attempts_total", "Sends to a sink, by how they ended.")),
      downstream(histograms(r, "forebay_downstream_seconds", "Length of one attempt, as seen by the relay.")),
      sink_state(gauges(r, "forebay_sink_state", "1 for the state that the sink is in, 0 for the others.")),
      utilization(gauges(r, "forebay_limit_utilization_ratio", "Share of the limit in use, 0 to 1.")),
      effective(gauges(r, "forebay_limit_effective",
                       "The bound in force, in sends; below the configured one while adapted down.")),
      blocked(counters(r, "forebay_limit_blocked_seconds_total",
                       "Time during which this limit held back a message that was ready.")) {}

struct Metrics::Inside {
  std::mutex printing;
  Registry registry;
  Families families{registry};
  std::unique_ptr<ProcessCollector> process;
};

Metrics::Metrics(const Config& config, std::string_view version) : inside_(std::make_unique<Inside>()) {
  Registry& r = inside_->registry;
  follow(config);
  add_journal();
  expired = &counters(r, "forebay_expired_messages_total", "Messages whose ttl passed before delivery.").Add({});
  cancelled = &counters(r, "forebay_cancelled_messages_total", "Messages cancelled by their producer.").Add({});
  add_process(version);
}

Metrics::~Metrics() = default;

const QueueMetrics* Metrics::find_queue(std::string_view name) const {
  const auto found = queue_of_.find(name);
  return found == queue_of_.end() ? nullptr : found->second;
}

const SinkMetrics* Metrics::find_sink(std::string_view name) const {
  const auto found = sink_of_.find(name);
  return found == sink_of_.end() ? nullptr : found->second;
}

void Metrics::follow(const Config& config) {
  for (const auto& [name, queue] : config.queues) follow_queue(name, queue);
  for (const auto& [name, sink] : config.sinks) follow_sink(name, sink);
}

void Metrics::follow_queue(const std::string& name, const QueueConfig& config) {
  QueueMetrics*& metrics = queue_of_[name];
  if (metrics == nullptr) metrics = &add_queue(name);
  metrics->backlog_max_messages->Set(static_cast<double>(config.max_messages));
  metrics->ttl_seconds->Set(config.ttl == Duration::max() ? INFINITY : config.ttl.as_seconds());
}

QueueMetrics& Metrics::add_queue(const std::string& name) {
  Families& f = inside_->families;
  const Labels queue = {{"queue", name}};
  const Labels lane = {{"queue", name}, {"class", "default"}};
  QueueMetrics& m = *queues_.emplace_back(std::make_unique<QueueMetrics>());
  m.accepted = &f.accepted.Add(lane);
  m.delivered = &f.delivered.Add(lane);
  m.delivery_delay_seconds = &f.delay.Add(lane, delay_buckets);
  add_words(f.messages, lane, "state", backlog_words, &m.backlog_messages);
  add_words(f.refused, queue, "reason", refusal_words, &m.refused);
  add_words(f.dead_letters, queue, "reason", death_words, &m.dead_letters);
  add_words(f.dead_dropped, queue, "reason", drop_words, &m.dead_letters_dropped);
  m.retries = &f.retries.Add(queue);
  m.cost_misses = &f.cost_misses.Add(queue);
  m.backlog_bytes = &f.bytes.Add(queue);
  m.backlog_max_messages = &f.max_messages.Add(queue);
  m.ttl_seconds = &f.ttl.Add(lane);
  m.oldest_age_seconds = &f.oldest_age.Add(queue);
  m.drain_seconds = &f.drain.Add(queue);
  return m;
}

void Metrics::follow_sink(const std::string& name, const SinkConfig& config) {
  SinkMetrics*& metrics = sink_of_[name];
  if (metrics == nullptr) metrics = &add_sink(name);
  const auto is_gone = [&](const LimitMetrics& limit) {
    return std::none_of(config.limits.begin(), config.limits.end(),
                        [&](const LimitConfig& now) { return now.name == limit.name; });
  };
  for (const LimitMetrics& limit : std::exchange(metrics->limits, {})) {
    if (is_gone(limit)) remove_limit(limit);
  }
  for (const LimitConfig& limit : config.limits) {
    assert(!limit.name.empty());
    metrics->limits.push_back(add_limit(name, limit.name));
    metrics->limits.back().effective->Set(static_cast<double>(limit.count));
  }
  metrics->concurrency.effective->Set(config.concurrency);
}

SinkMetrics& Metrics::add_sink(const std::string& name) {
  Families& f = inside_->families;
  const Labels sink = {{"sink", name}};
  SinkMetrics& m = *sinks_.emplace_back(std::make_unique<SinkMetrics>());
  add_words(f.attempts, sink, "outcome", outcome_words, &m.attempts);
  m.downstream_seconds = &f.downstream.Add(sink, downstream_buckets);
  add_words(f.sink_state, sink, "state", sink_state_words, &m.state);
  m.set_state(SinkMetrics::State::open);
  m.concurrency = add_limit(name, "concurrency");
  return m;
}

// A series that is there already is found again.
LimitMetrics Metrics::add_limit(const std::string& sink, const std::string& name) {
  Families& f = inside_->families;
  const Labels labels = {{"sink", sink}, {"limit", name}};
  return {name, &f.utilization.Add(labels), &f.effective.Add(labels), &f.blocked.Add(labels)};
}

void Metrics::remove_limit(const LimitMetrics& limit) {
  Families& f = inside_->families;
  f.utilization.Remove(limit.utilization_ratio);
  f.effective.Remove(limit.effective);
  f.blocked.Remove(limit.blocked_seconds);
}

void Metrics::add_journal() {
  Registry& r = inside_->registry;
  JournalMetrics& m = journal_;
  m.sync_seconds =
      &histograms(r, "forebay_journal_sync_seconds", "Length of one sync of the journal.").Add({}, sync_buckets);
  m.group_size = &histograms(r, "forebay_journal_group_size", "Messages that shared one sync.").Add({}, group_buckets);
  add_words(gauges(r, "forebay_journal_bytes", "Space of the journal's segments, by what is in it."), {}, "kind",
            journal_words, &m.bytes);
  auto& written = counters(r, "forebay_journal_written_bytes_total",
                           "Bytes written to data_dir: in write calls, and in pages of 4 KiB dirtied between syncs.");
  m.written_calls = &written.Add({{"as", "calls"}});
  m.written_pages = &written.Add({{"as", "pages"}});
  m.torn_tails = &counters(r, "forebay_journal_torn_tails_total",
                           "Unfinished last frames cut off at start, as a crash leaves them.")
                      .Add({});
  m.quarantined_segments =
      &gauges(r, "forebay_journal_quarantined_segments", "Segments set aside because their contents are damaged.")
           .Add({});
  m.disk_free_bytes = &gauges(r, "forebay_disk_free_bytes", "Free space of the file system of data_dir.").Add({});
}

void Metrics::add_process(std::string_view version) {
  Registry& r = inside_->registry;
  loop_lag_seconds =
      &histograms(r, "forebay_loop_lag_seconds", "How late the event loop came to a due timer.").Add({}, lag_buckets);
  config_reload_success =
      &gauges(r, "forebay_config_reload_success", "1: the config file as last read is in force; 0: it was refused.")
           .Add({});
  config_reload_success->Set(1);
  config_last_reload_seconds =
      &gauges(r, "forebay_config_last_reload_seconds", "When a config was last put in force, Unix time.").Add({});
  gauges(r, "forebay_build_info", "Always 1; the version is in the label.")
      .Add({{"version", std::string(version)}})
      .Set(1);
  inside_->process = std::make_unique<ProcessCollector>(r);
}

std::string Metrics::text() {
  std::lock_guard lock(inside_->printing);
  inside_->process->refresh();
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, inside_->registry.Collect());
  return std::move(out).str();
}

void SinkMetrics::set_state(State now) const {
  for (size_t i = 0; i < state.size(); i++) {
    const State each = static_cast<State>(i);
    state[each]->Set(each == now ? 1 : 0);
  }
}

void raise_to(prometheus::Counter& counter, double total) {
  const double more = total - counter.Value();
  if (more > 0) counter.Increment(more);
}

}  // namespace forebay
