#include "relay/relay.h"

#include <prometheus/histogram.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "relay/version.h"

namespace forebay {
namespace {
// How often spends go to disk while sending (design section 4, Restart: at least every second).
constexpr Duration spends_interval = Duration::seconds(1);
}  // namespace

Relay::Relay(const Config& config, std::span<const QueueId> queue_ids, Backlog& backlog, Clock& clock, uint64_t seed,
             std::function<void(const std::string&)> broken)
    : backlog_(backlog), clock_(clock), broken_(std::move(broken)), metrics_(config, version),
      core_(config, queue_ids, backlog, seed, clock.now()), ids_(backlog.store_id(), backlog.id_key()),
      answers_(core_), intake_(core_, backlog, clock, ids_, answers_, last_outcomes_),
      dispatcher_(core_, backlog, clock, ids_, metrics_, last_outcomes_),
      overseer_(core_, backlog, clock, ids_, answers_, metrics_, config), spends_saved_(clock.now().steady) {}

void Relay::recovered() {
  const Now now = clock_.now();
  core_.recovered(now);
  overseer_.restore_pauses();
  restore_spends(now);
}

void Relay::observe_lag(Duration lag) { metrics_.loop_lag_seconds->Observe(lag.as_seconds()); }

void Relay::restore_spends(Now now) {
  for (const auto& lane : core_.lanes()) {
    // After an unclean stop, what was in flight or given up lately may still be counted until the grace is over.
    const Duration grace = backlog_.stopped_cleanly() ? Duration{} : lane->config().timeout;
    const std::string saved = backlog_.noted("spends:" + lane->config().name);
    if (saved.empty() && backlog_.next_sequence() == 1) continue;  // a new store: nothing was ever sent
    if (!lane->limits().restore(saved, now, backlog_.stopped_cleanly(), grace) && !saved.empty()) {
      spdlog::warn("sink {}: what its limits had spent could not be read back; they start as fully spent",
                   lane->config().name);
    }
  }
}

Instant Relay::turn() {
  backlog_.flush();
  answers_.deliver_immediate();
  const Now now = clock_.now();
  const bool more_work = overseer_.work(now);
  Instant next = Instant::never();
  if (!stopping_) {
    sends_.clear();
    next = core_.tick(now, &sends_);
    dispatcher_.hand_over(sends_);
    dispatcher_.read_ahead();
    if (!sends_.empty() && now.steady - spends_saved_ >= spends_interval) save_spends(false);
  }
  backlog_.flush();
  return more_work ? now.steady : next;
}

void Relay::save_spends(bool at_close) {
  const Now now = clock_.now();
  spends_saved_ = now.steady;
  for (const auto& lane : core_.lanes()) {
    if (at_close || lane->limits().has_long_window()) {
      backlog_.note("spends:" + lane->config().name, lane->limits().save(now));
    }
  }
}

void Relay::stop() {
  stopping_ = true;
  intake_.stop();
  overseer_.set_stopping();
}

void Relay::on_committed(uint64_t batch, int messages_error) {
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
  answers_.committed(batch, messages_error, figures.refusing_why, clock_.now());
}

void Relay::on_broken(const std::string& what) { broken_(what); }

void Relay::on_synced(Duration took, uint32_t messages) {
  metrics_.journal().sync_seconds->Observe(took.as_seconds());
  metrics_.journal().group_size->Observe(messages);
}

}  // namespace forebay
