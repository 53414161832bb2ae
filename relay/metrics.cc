#include "relay/metrics.h"

#include <prometheus/text_serializer.h>

#include <cmath>
#include <mutex>
#include <sstream>
#include <utility>

#include "relay/limit_label.h"
#include "relay/metric_families.h"
#include "relay/process_collector.h"

namespace forebay {
namespace {

using prometheus::Family;
using prometheus::Labels;
using prometheus::Registry;

// The words of each closed label, in the order of its enum.
constexpr std::array refusal_words = {"backlog_full", "disk_full", "disk_error",    "late",
                                      "stopping",     "keys_full", "producer_limit"};
constexpr std::array death_words = {"attempts", "refused", "max_age", "crashed", "unreadable"};
constexpr std::array drop_words = {"full", "ttl"};
constexpr std::array backlog_words = {"ready", "delayed", "retrying", "in_flight", "leased", "held", "dead"};
constexpr std::array outcome_words = {"delivered", "retry", "throttled", "dead", "sink_fault", "unanswered"};
constexpr std::array sink_state_words = {"open", "paused", "throttled", "breaker"};
constexpr std::array handshake_words = {"done", "failed", "slow"};
constexpr std::array journal_words = {"live", "dead", "free"};

template <typename Metric, typename Word, size_t n>
void add_words(Family<Metric>& family, Labels labels, const char* label, const std::array<const char*, n>& words,
               ByWord<Metric, Word, n>* handles) {
  for (size_t i = 0; i < n; i++) {
    labels[label] = words[i];
    (*handles)[static_cast<Word>(i)] = &family.Add(labels);
  }
}

}  // namespace

struct Metrics::Inside {
  std::mutex printing;
  Registry registry;
  std::unique_ptr<ProcessCollector> process;
};

Metrics::Metrics(const Config& config, std::string_view version)
    : inside_(std::make_unique<Inside>()), families_(std::make_unique<MetricFamilies>(inside_->registry)) {
  follow(config);
  add_messages();
  add_journal();
  add_process(version);
}

Metrics::~Metrics() = default;

const QueueMetrics* Metrics::find_queue(std::string_view name) const {
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : &found->second;
}

const SinkMetrics* Metrics::find_sink(std::string_view name) const {
  const auto found = sinks_.find(name);
  return found == sinks_.end() ? nullptr : &found->second;
}

const ClassMetrics& QueueMetrics::of_class(std::string_view name) const {
  const auto found = classes.find(name);
  return found == classes.end() ? classes.find("default")->second : found->second;
}

// Sinks first, so that what is gone of them is not found again by their queues' limits.
void Metrics::follow(const Config& config) {
  for (auto& [name, metrics] : sinks_) {
    if (!config.sinks.contains(name)) use_limits(&metrics.limits, {});
  }
  for (const auto& [name, sink] : config.sinks) follow_sink(name, sink);
  for (auto& [name, metrics] : queues_) {
    if (!config.queues.contains(name)) use_limits(&metrics.limits, {});
  }
  for (const auto& [name, queue] : config.queues) follow_queue(name, queue);
}

void Metrics::follow_queue(const std::string& name, const QueueConfig& config) {
  if (!queues_.contains(name)) queues_.emplace(name, make_queue(name));
  QueueMetrics& metrics = queues_.find(name)->second;
  metrics.backlog_max_messages->Set(static_cast<double>(config.max_messages));
  follow_classes(name, metrics, config);
  std::vector<LimitMetrics> limits;
  for (const LimitConfig& limit : config.limits) {
    limits.push_back(add_limit(config.sink, queue_limit_label(name, limit.name), limit));
  }
  for (const LimitConfig& limit : config.key_limits) {
    limits.push_back(add_key_limit(config.sink, queue_limit_label(name, limit.name), limit));
  }
  use_limits(&metrics.limits, std::move(limits));
}

void Metrics::follow_classes(const std::string& queue, QueueMetrics& metrics, const QueueConfig& config) {
  for (auto each = metrics.classes.begin(); each != metrics.classes.end();) {
    const bool stays = each->first == "default" || config.classes.contains(each->first);
    if (!stays) remove_class(each->second);
    each = stays ? std::next(each) : metrics.classes.erase(each);
  }
  for (const auto& [name, klass] : config.classes) {
    if (!metrics.classes.contains(name)) metrics.classes.emplace(name, add_class(queue, name));
  }
  for (const auto& [name, klass] : metrics.classes) {
    const auto settings = config.classes.find(name);
    const Duration ttl = settings == config.classes.end() ? config.ttl : settings->second.ttl.value_or(config.ttl);
    klass.ttl_seconds->Set(ttl == Duration::max() ? INFINITY : ttl.as_seconds());
  }
}

ClassMetrics Metrics::add_class(const std::string& queue, const std::string& name) {
  MetricFamilies& f = *families_;
  const Labels labels = {{"queue", queue}, {"class", name}};
  ClassMetrics m;
  m.accepted = &f.accepted.Add(labels);
  m.delivered = &f.delivered.Add(labels);
  m.delivery_delay_seconds = &f.delay.Add(labels, buckets::delay);
  add_words(f.messages, labels, "state", backlog_words, &m.backlog_messages);
  m.ttl_seconds = &f.ttl.Add(labels);
  return m;
}

void Metrics::remove_class(const ClassMetrics& klass) {
  MetricFamilies& f = *families_;
  f.accepted.Remove(klass.accepted);
  f.delivered.Remove(klass.delivered);
  f.delay.Remove(klass.delivery_delay_seconds);
  for (prometheus::Gauge* each : klass.backlog_messages) f.messages.Remove(each);
  f.ttl.Remove(klass.ttl_seconds);
}

QueueMetrics Metrics::make_queue(const std::string& name) {
  MetricFamilies& f = *families_;
  const Labels queue = {{"queue", name}};
  QueueMetrics m;
  m.classes.emplace("default", add_class(name, "default"));
  add_words(f.refused, queue, "reason", refusal_words, &m.refused);
  add_words(f.dead_letters, queue, "reason", death_words, &m.dead_letters);
  add_words(f.dead_dropped, queue, "reason", drop_words, &m.dead_letters_dropped);
  m.retries = &f.retries.Add(queue);
  m.cost_misses = &f.cost_misses.Add(queue);
  m.deduplicated = &f.deduplicated.Add(queue);
  m.backlog_bytes = &f.bytes.Add(queue);
  m.backlog_max_messages = &f.max_messages.Add(queue);
  m.oldest_age_seconds = &f.oldest_age.Add(queue);
  m.drain_seconds = &f.drain.Add(queue);
  return m;
}

void Metrics::follow_sink(const std::string& name, const SinkConfig& config) {
  if (!sinks_.contains(name)) sinks_.emplace(name, make_sink(name));
  SinkMetrics& metrics = sinks_.find(name)->second;
  std::vector<LimitMetrics> limits;
  for (const LimitConfig& limit : config.limits) limits.push_back(add_limit(name, limit.name, limit));
  LimitConfig concurrency;
  concurrency.count = config.concurrency;
  limits.push_back(add_limit(name, "concurrency", concurrency));
  for (const LimitConfig& limit : config.key_limits) limits.push_back(add_key_limit(name, limit.name, limit));
  use_limits(&metrics.limits, std::move(limits));
}

SinkMetrics Metrics::make_sink(const std::string& name) {
  MetricFamilies& f = *families_;
  const Labels sink = {{"sink", name}};
  SinkMetrics m;
  add_words(f.attempts, sink, "outcome", outcome_words, &m.attempts);
  m.downstream_seconds = &f.downstream.Add(sink, buckets::downstream);
  add_words(f.sink_state, sink, "state", sink_state_words, &m.state);
  m.set_state(SinkMetrics::State::open);
  return m;
}

void Metrics::add_messages() {
  Registry& r = inside_->registry;
  expired = &counters(r, "forebay_expired_messages_total", "Messages whose ttl passed before delivery.").Add({});
  cancelled = &counters(r, "forebay_cancelled_messages_total", "Messages cancelled by their producer.").Add({});
  superseded =
      &counters(r, "forebay_superseded_messages_total", "Messages that a newer one of their key replaced.").Add({});
  stream_readers = &gauges(r, "forebay_stream_readers", "Live streams of topics that are open.").Add({});
  stream_events =
      &counters(r, "forebay_stream_events_total", "Messages written to live streams, once for each reader.").Add({});
  stream_readers_dropped =
      &counters(r, "forebay_stream_readers_dropped_total", "Readers of live streams that were too slow.").Add({});
  outcomes_dropped =
      &counters(r, "forebay_outcomes_dropped_total", "Reports that the outcomes queue did not take.").Add({});
  dropped =
      &counters(r, "forebay_dropped_messages_total", "Messages given up while they waited, to make room (on_full).")
           .Add({});
  eta_error_seconds = &histograms(r, "forebay_eta_error_seconds",
                                  "How far a delivery was from the time promised at acceptance, of a sample.")
                           .Add({}, buckets::delay);
  flows = &gauges(r, "forebay_flows", "Keys of which a message waits, over all queues.").Add({});
  key_memory_bytes =
      &gauges(r, "forebay_key_memory_bytes", "Memory that the history of all keys takes, of key_memory.").Add({});
}

void Metrics::add_journal() {
  Registry& r = inside_->registry;
  JournalMetrics& m = journal_;
  m.sync_seconds =
      &histograms(r, "forebay_journal_sync_seconds", "Length of one sync of the journal.").Add({}, buckets::sync);
  m.group_size = &histograms(r, "forebay_journal_group_size", "Messages that shared one sync.").Add({}, buckets::group);
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
      &histograms(r, "forebay_loop_lag_seconds", "How late the event loop came to a due timer.").Add({}, buckets::lag);
  add_words(counters(r, "forebay_tls_handshakes_total",
                     "TLS handshakes with the doors; failed: nothing in common, no TLS, or no certificate that counts; "
                     "slow: not done within header_timeout."),
            {}, "result", handshake_words, &tls_handshakes);
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

void SinkMetrics::set_state(std::optional<State> now) const {
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
