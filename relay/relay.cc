#include "relay/relay.h"

#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "relay/lane_log.h"
#include "relay/version.h"

namespace forebay {
namespace {
constexpr Duration read_ahead_interval = Duration::milliseconds(10);
}  // namespace

Relay::Relay(const Config& config, std::span<const QueueId> queue_ids, Backlog& backlog, Clock& clock, uint64_t seed,
             std::function<void(const std::string&)> broken)
    : backlog_(backlog),
      clock_(clock),
      broken_(std::move(broken)),
      metrics_(config, version),
      core_(config, queue_ids, backlog, seed, clock.now()),
      live_(config, queue_ids, core_, backlog),
      ids_(backlog.store_id(), backlog.id_key()),
      topics_(backlog),
      answers_(core_),
      streams_(topics_, answers_, clock),
      room_(core_, backlog, config),
      intake_(core_, backlog, clock, ids_, answers_, room_, last_outcomes_, metrics_, promises_, topics_),
      reports_(core_, intake_, ids_),
      dispatcher_(core_, backlog, clock, ids_, metrics_, last_outcomes_, promises_),
      pull_(core_, backlog, clock, ids_, answers_, dispatcher_),
      checks_(core_, backlog, clock, ids_, seed),
      overseer_(core_, backlog, clock, ids_, answers_, metrics_, room_, live_, topics_),
      spends_(core_, backlog) {
  live_.on_change = [this] {
    metrics_.follow(live_.running());
    topics_.follow(live_.running());
    streams_.look_again();
    intake_.look_again();
    intake_.dedup().follow(live_.running());
    intake_.follow_tokens(live_.running().tokens);
    overseer_.look_again();
    pull_.look_again();
    spends_.look_again(clock_.now());
    if (on_change) on_change();
  };
  intake_.dedup().follow(config);
  intake_.streams = &streams_;
  overseer_.streams = &streams_;
  intake_.answer_from(replies_);
  dispatcher_.answer_to(replies_);
  intake_.leased_until = [this](Sequence sequence) { return pull_.leased_until(sequence); };
  intake_.follow_tokens(config.tokens);
  note_reload(clock_.now());
}

void Relay::recovered() {
  const Now now = clock_.now();
  core_.recovered(now);
  topics_.follow(live_.running());
  overseer_.restore(now);
  spends_.start(now);
}

std::string Relay::reconfigure(const Config& config, std::span<const QueueId> queue_ids) {
  const Now now = clock_.now();
  overseer_.refresh_gauges();  // what was counted so far counts for the classes that are there now
  std::string refused = live_.reconfigure(config, queue_ids, now);
  if (refused.empty()) note_reload(now);
  return refused;
}

void Relay::note_reload(Now now) {
  metrics_.config_last_reload_seconds->Set(static_cast<double>(now.wall.ms()) / 1e3);
}

void Relay::observe_lag(Duration lag) {
  metrics_.loop_lag_seconds->Observe(lag.as_seconds());
}

void Relay::hand_over() {
  reports_.work(clock_.now());
  backlog_.flush();
  answers_.deliver_immediate();
}

Instant Relay::turn() {
  const Now now = clock_.now();
  const bool more_work = overseer_.work(now);
  Instant next = Instant::never();
  if (!stopping_) {
    sends_.clear();
    pull_.before_tick(now);
    next = core_.tick(now, &sends_);
    decide_held(now);
    dispatcher_.hand_over(sends_);
    next = std::min(next, pull_.after_tick(now));
    log_lane_changes(core_.take_lane_changes());
    room_.look_again();
    // What comes next changes as sends go out; else it is looked at now and then, not for each message.
    if (!sends_.empty() || now.steady - read_ahead_at_ >= read_ahead_interval) {
      read_ahead_at_ = now.steady;
      dispatcher_.read_ahead();
    }
    next = std::min(next, spends_.work(now));
  }
  next = std::min(next, streams_.work(now));
  replies_.end_turn();
  reports_.work(now);
  next = std::min(next, backlog_.flush());
  backlog_.write_attempts();  // of those that are over, where nothing was handed to a sink
  return more_work ? now.steady : next;
}

// Their time has passed, and nobody said anything: who may know is asked, then the default holds.
void Relay::decide_held(Now now) {
  for (const Sequence sequence : core_.take_undecided()) {
    const MessageEntry* entry = core_.entry(sequence);
    if (entry == nullptr || entry->state != MessageState::held) continue;
    if (checks_.ask(sequence, now)) continue;
    if (core_.queue(entry->queue)->config.hold_default == HoldDefault::release) {
      core_.release(sequence, now);
    } else {
      core_.cancel(sequence, now);
    }
  }
}

void Relay::save_spends() {
  spends_.stop(clock_.now());
}

void Relay::stop() {
  stopping_ = true;
  intake_.stop();
  pull_.stop();
  streams_.stop();
  overseer_.set_stopping();
}

void Relay::on_committed(uint64_t batch, int messages_error) {
  spends_.committed(batch, messages_error == 0);
  const BacklogFigures figures = backlog_.figures();
  if (figures.refusing != was_refusing_) {
    was_refusing_ = figures.refusing;
    if (was_refusing_) {
      spdlog::error("the disk takes no messages: {}; they are refused with 507, draining goes on",
                    figures.refusing_why);
    } else {
      spdlog::info("the disk takes messages again");
    }
  }
  if (figures.key_spends_lost > 0 && !std::exchange(told_of_lost_spends_, true)) {
    spdlog::error(
        "sends of keys could not be written to their history ({} so far): after a restart those keys may be "
        "let through too soon",
        figures.key_spends_lost);
  }
  if (figures.key_records_lost > 0 && !std::exchange(told_of_lost_keys_, true)) {
    spdlog::error(
        "remembered Idempotency-Keys are damaged on the disk ({} so far): what was published under them may be "
        "accepted "
        "again",
        figures.key_records_lost);
  }
  answers_.committed(batch, messages_error, figures.refusing_why, clock_.now());
  intake_.dedup().committed(batch, messages_error, figures.refusing_why);
}

void Relay::on_broken(const std::string& what) {
  broken_(what);
}

void Relay::on_synced(Duration took, uint32_t messages) {
  metrics_.journal().sync_seconds->Observe(took.as_seconds());
  metrics_.journal().group_size->Observe(messages);
}

}  // namespace forebay
