// The Overseer's other half: brings the metrics up to date from what the core and the backlog count.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <utility>

#include "relay/live_streams.h"
#include "relay/overseer.h"

namespace forebay {
namespace {

double number(uint64_t value) {
  return static_cast<double>(value);
}

SinkMetrics::State metric_state(LaneState state) {
  switch (state) {
    case LaneState::open:
      return SinkMetrics::State::open;
    case LaneState::paused:
      return SinkMetrics::State::paused;
    case LaneState::throttled:
      return SinkMetrics::State::throttled;
    case LaneState::breaker:
      break;
  }
  return SinkMetrics::State::breaker;
}

}  // namespace

void Overseer::refresh_gauges() {
  if (on_refresh) on_refresh();
  const Now now = clock_.now();
  uint64_t expired = 0, cancelled = 0, superseded = 0, flows = 0, dropped = 0, unreported = 0;
  for (const Queue& queue : core_.queues()) {
    if (const QueueMetrics* metrics = metrics_.find_queue(queue.config.name)) refresh_queue(queue, *metrics, now);
    expired += queue.counters.expired;
    cancelled += queue.counters.cancelled + queue.counters.purged;
    superseded += queue.counters.superseded;
    dropped += queue.counters.dropped;
    unreported += queue.counters.outcomes_dropped;
    flows += core_.flows(queue);
  }
  raise_to(*metrics_.expired, number(expired));
  raise_to(*metrics_.cancelled, number(cancelled));
  raise_to(*metrics_.superseded, number(superseded));
  raise_to(*metrics_.dropped, number(dropped));
  raise_to(*metrics_.outcomes_dropped, number(unreported));
  if (streams != nullptr) {
    metrics_.stream_readers->Set(number(streams->readers()));
    raise_to(*metrics_.stream_events, number(streams->events()));
    raise_to(*metrics_.stream_readers_dropped, number(streams->dropped()));
  }
  metrics_.flows->Set(number(flows));
  metrics_.key_memory_bytes->Set(number(core_.key_memory_bytes()));
  for (const auto& lane : core_.lanes()) refresh_sink(*lane, now);
  refresh_journal();
}

void Overseer::refresh_queue(const Queue& queue, const QueueMetrics& metrics, Now now) {
  using Death = QueueMetrics::Death;
  using Drop = QueueMetrics::Drop;
  using Why = QueueMetrics::Refusal;
  const QueueCounters& counters = queue.counters;
  refresh_classes(queue, metrics);
  if (queue.configured) refresh_queue_limits(queue, metrics, now);
  raise_to(*metrics.retries, number(counters.retries));
  raise_to(*metrics.refused[Why::backlog_full], number(counters.refused_full));
  raise_to(*metrics.refused[Why::late], number(counters.refused_late));
  raise_to(*metrics.refused[Why::disk_full], number(counters.refused_disk_full));
  raise_to(*metrics.refused[Why::disk_error], number(counters.refused_disk_error));
  raise_to(*metrics.refused[Why::stopping], number(counters.refused_stopping));
  raise_to(*metrics.refused[Why::keys_full], number(counters.refused_keys));
  raise_to(*metrics.refused[Why::producer_limit], number(counters.refused_producer));
  raise_to(*metrics.dead_letters[Death::attempts], number(counters.dead_attempts));
  raise_to(*metrics.dead_letters[Death::refused], number(counters.dead_refused));
  raise_to(*metrics.dead_letters[Death::max_age], number(counters.dead_too_old));
  raise_to(*metrics.dead_letters[Death::crashed], number(counters.dead_crashed));
  raise_to(*metrics.dead_letters[Death::unreadable], number(counters.dead_damaged));
  raise_to(*metrics.dead_letters_dropped[Drop::full], number(counters.dead_dropped));
  raise_to(*metrics.dead_letters_dropped[Drop::ttl], number(counters.dead_expired));
  metrics.backlog_bytes->Set(number(queue.bytes));
  metrics.oldest_age_seconds->Set(core_.oldest_age_seconds(queue, now));
  metrics.drain_seconds->Set(core_.drain_seconds(queue, now));
}

// A number that a class of another name had before goes on counting for the one that has it now: each gets what was
// added while it was called so.
void Overseer::refresh_classes(const Queue& queue, const QueueMetrics& metrics) {
  using State = ClassMetrics::State;
  std::map<const ClassMetrics*, StateCounts> waiting;
  for (const auto& [name, klass] : metrics.classes) waiting[&klass];
  auto& counted = counted_[queue.id];
  counted.resize(queue.classes.size());
  for (size_t k = 0; k < queue.classes.size(); ++k) {
    const ClassLane& klass = queue.classes[k];
    const ClassMetrics& shown = metrics.of_class(klass.config.name);
    const ClassCounters before = std::exchange(counted[k], klass.counters);
    shown.accepted->Increment(number(klass.counters.accepted - before.accepted));
    shown.delivered->Increment(number(klass.counters.delivered - before.delivered));
    waiting[&shown] += klass.counts;
  }
  for (const auto& [klass, counts] : waiting) {
    klass->backlog_messages[State::ready]->Set(number(counts.ready));
    klass->backlog_messages[State::delayed]->Set(number(counts.delayed));
    klass->backlog_messages[State::retrying]->Set(number(counts.retrying));
    const bool pulled = queue.config.pull;
    klass->backlog_messages[State::in_flight]->Set(pulled ? 0 : number(counts.in_flight));
    klass->backlog_messages[State::leased]->Set(pulled ? number(counts.in_flight) : 0);
    klass->backlog_messages[State::held]->Set(number(counts.held));
    klass->backlog_messages[State::dead]->Set(number(counts.dead));
  }
}

void Overseer::refresh_limit(const LimitMetrics& limit, const LimitSet::View& view) {
  limit.utilization_ratio->Set(view.utilization);
  limit.effective->Set(number(view.effective));
  if (limit.exceeded != nullptr) raise_to(*limit.exceeded, number(view.exceeded));
  if (limit.quota_remaining != nullptr) limit.quota_remaining->Set(view.remaining);
}

// The lane counts the time that is lost to its queues' limits too.
void Overseer::refresh_blocked(const std::vector<LimitMetrics>& limits, const SinkLane& lane, Now now) {
  for (const LimitMetrics& limit : limits) {
    if (limit.blocked_seconds != nullptr) raise_to(*limit.blocked_seconds, lane.blocked_seconds(limit.name, now));
  }
}

void Overseer::refresh_queue_limits(const Queue& queue, const QueueMetrics& metrics, Now now) {
  const auto views = queue.limits ? queue.limits->views(now) : std::vector<LimitSet::View>();
  for (size_t i = 0; i < views.size(); ++i) refresh_limit(metrics.limits[i], views[i]);
  refresh_blocked(metrics.limits, *core_.lanes()[queue.sink], now);
}

void Overseer::refresh_sink(const SinkLane& lane, Now now) {
  const SinkMetrics& metrics = *metrics_.find_sink(lane.config().name);
  if (lane.gone) return metrics.set_state(std::nullopt);
  metrics.set_state(metric_state(lane.state(now)));
  const auto views = lane.limits().views(now);
  for (size_t i = 0; i < views.size(); ++i) refresh_limit(metrics.limits[i], views[i]);
  refresh_blocked(metrics.limits, lane, now);
}

void Overseer::refresh_journal() {
  using Space = JournalMetrics::Kind;
  const BacklogFigures figures = backlog_.figures();
  const JournalMetrics& metrics = metrics_.journal();
  metrics.bytes[Space::live]->Set(number(figures.live_bytes));
  metrics.bytes[Space::dead]->Set(number(figures.dead_bytes));
  metrics.bytes[Space::free]->Set(number(figures.free_bytes));
  raise_to(*metrics.written_calls, number(figures.bytes_written));
  raise_to(*metrics.written_pages, number(figures.page_bytes_written));
  raise_to(*metrics.torn_tails, number(figures.torn_tails));
  metrics.quarantined_segments->Set(number(figures.quarantined_segments));
  metrics.disk_free_bytes->Set(number(figures.disk_free_bytes));
}

std::map<std::string, uint64_t> Overseer::attempts_of(const SinkLane& lane) const {
  const SinkMetrics& metrics = *metrics_.find_sink(lane.config().name);
  std::map<std::string, uint64_t> attempts;
  using End = Outcome::Kind;
  const std::pair<const char*, End> words[] = {{"delivered", End::delivered},   {"retry", End::retry},
                                               {"throttled", End::throttled},   {"dead", End::dead},
                                               {"sink_fault", End::sink_fault}, {"unanswered", End::unanswered}};
  for (const auto& [word, kind] : words) attempts[word] = static_cast<uint64_t>(metrics.attempts[kind]->Value());
  return attempts;
}

}  // namespace forebay
