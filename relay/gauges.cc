// The Overseer's other half: brings the metrics up to date from what the core and the backlog count.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

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
  const Now now = clock_.now();
  uint64_t expired = 0, cancelled = 0;
  for (const Queue& queue : core_.queues()) {
    if (const QueueMetrics* metrics = metrics_.find_queue(queue.config.name)) refresh_queue(queue, *metrics, now);
    expired += queue.counters.expired;
    cancelled += queue.counters.cancelled + queue.counters.purged;
  }
  raise_to(*metrics_.expired, number(expired));
  raise_to(*metrics_.cancelled, number(cancelled));
  for (const auto& lane : core_.lanes()) refresh_sink(*lane, now);
  refresh_journal();
}

void Overseer::refresh_queue(const Queue& queue, const QueueMetrics& metrics, Now now) {
  using State = QueueMetrics::State;
  using Death = QueueMetrics::Death;
  using Drop = QueueMetrics::Drop;
  using Why = QueueMetrics::Refusal;
  const QueueCounters& counters = queue.counters;
  raise_to(*metrics.accepted, number(counters.accepted));
  raise_to(*metrics.delivered, number(counters.delivered));
  raise_to(*metrics.retries, number(counters.retries));
  raise_to(*metrics.refused[Why::backlog_full], number(counters.refused_full));
  raise_to(*metrics.refused[Why::late], number(counters.refused_late));
  raise_to(*metrics.refused[Why::disk_full], number(counters.refused_disk_full));
  raise_to(*metrics.refused[Why::disk_error], number(counters.refused_disk_error));
  raise_to(*metrics.refused[Why::stopping], number(counters.refused_stopping));
  raise_to(*metrics.dead_letters[Death::attempts], number(counters.dead_attempts));
  raise_to(*metrics.dead_letters[Death::refused], number(counters.dead_refused));
  raise_to(*metrics.dead_letters[Death::max_age], number(counters.dead_too_old));
  raise_to(*metrics.dead_letters[Death::crashed], number(counters.dead_crashed));
  raise_to(*metrics.dead_letters[Death::unreadable], number(counters.dead_damaged));
  raise_to(*metrics.dead_letters_dropped[Drop::full], number(counters.dead_dropped));
  raise_to(*metrics.dead_letters_dropped[Drop::ttl], number(counters.dead_expired));
  metrics.backlog_messages[State::ready]->Set(number(queue.ready));
  metrics.backlog_messages[State::delayed]->Set(number(queue.delayed));
  metrics.backlog_messages[State::retrying]->Set(number(queue.retrying));
  metrics.backlog_messages[State::in_flight]->Set(number(queue.in_flight));
  metrics.backlog_messages[State::dead]->Set(number(queue.dead));
  metrics.backlog_bytes->Set(number(queue.bytes));
  metrics.oldest_age_seconds->Set(core_.oldest_age_seconds(queue, now));
  metrics.drain_seconds->Set(core_.drain_seconds(queue, now));
}

void Overseer::refresh_sink(SinkLane& lane, Now now) {
  const SinkMetrics& metrics = *metrics_.find_sink(lane.config().name);
  metrics.set_state(metric_state(lane.state(now)));
  const auto views = lane.limits().views(now);
  // The views are the configured limits in order, then the concurrency; so are the metrics.
  for (size_t i = 0; i < views.size(); ++i) {
    const LimitMetrics& limit = i < metrics.limits.size() ? metrics.limits[i] : metrics.concurrency;
    limit.utilization_ratio->Set(views[i].utilization);
    limit.effective->Set(number(views[i].effective));
    raise_to(*limit.blocked_seconds, lane.blocked_seconds(views[i].name, now));
  }
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
