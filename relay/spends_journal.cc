#include "relay/spends_journal.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

namespace forebay {
namespace {

std::string note_of(const SinkLane& lane) {
  return "spends:" + lane.config().name;
}

}  // namespace

void SpendsJournal::restore(SinkLane& lane, Now now, bool clean) {
  // After an unclean stop, what was in flight or given up lately may still be counted until the grace is over.
  const Duration grace = clean ? Duration{} : lane.config().timeout;
  const std::string saved = backlog_.noted(note_of(lane));
  const BacklogFigures figures = backlog_.figures();
  if (saved.empty() && figures.quarantined_segments == 0 && figures.missing_segments == 0) {
    if (backlog_.next_sequence() > 1) lane.limits().restore_unrecorded(now, grace);
    return;
  }
  if (!lane.limits().restore(saved, now, clean, grace)) {
    spdlog::warn("sink {}: what its limits had spent could not be read back; they start as fully spent",
                 lane.config().name);
  }
}

void SpendsJournal::start(Now now) {
  kept_.resize(core_.lanes().size());
  for (const auto& lane : core_.lanes()) {
    restore(*lane, now, backlog_.stopped_cleanly());
    if (lane->limits().has_long_window()) lane->limits().cover(0);
    record(*lane, kept_[lane->id()], now);
  }
}

// A sink that comes back after a time out of the config: of when it last sent, and how that ended, nothing is known.
void SpendsJournal::look_again(Now now) {
  const size_t known = kept_.size();
  if (known == 0) return;  // start() is still to come
  kept_.resize(core_.lanes().size());
  for (const auto& lane : core_.lanes()) {
    if (lane->id() >= known) restore(*lane, now, false);
    if (lane->limits().has_long_window()) lane->limits().cover(lane->limits().taken());
    record(*lane, kept_[lane->id()], now);
  }
}

void SpendsJournal::record(SinkLane& lane, Kept& kept, Now now) {
  const LimitSet& limits = lane.limits();
  kept.recorded = limits.taken();
  kept.ahead = limits.ahead();
  kept.written = now.steady;
  kept.dirty = limits.in_flight() > 0;
  kept.batch = backlog_.open_batch();
  backlog_.note(note_of(lane), limits.save(now, kept.ahead));
}

Instant SpendsJournal::work(Now now) {
  Instant next = Instant::never();
  for (const auto& lane : core_.lanes()) {
    Kept& kept = kept_[lane->id()];
    if (kept.batch || !lane->limits().has_long_window()) continue;
    const uint64_t since = lane->limits().taken() - kept.recorded;
    // A message costs more than any before: the last record cannot cover it, whatever else is sent.
    const bool grown = lane->limits().ahead() > kept.ahead;
    if (since == 0 && !kept.dirty && !grown) continue;
    const Instant due = kept.written + interval;
    if (grown || due <= now.steady || since >= std::max<uint64_t>(lane->limits().ahead() / 2, 1)) {
      record(*lane, kept, now);
    } else {
      next = std::min(next, due);
    }
  }
  return next;
}

void SpendsJournal::committed(uint64_t batch, bool whole) {
  for (const auto& lane : core_.lanes()) {
    Kept& kept = kept_[lane->id()];
    if (!kept.batch || *kept.batch > batch) continue;
    kept.batch.reset();
    if (!lane->limits().has_long_window()) continue;
    // Not known to be on the disk: it covers nothing. Another one goes a second after it.
    if (!whole) {
      kept.dirty = true;
      continue;
    }
    lane->limits().cover(kept.recorded + kept.ahead);
    core_.look_again(lane->id());
  }
}

void SpendsJournal::stop(Now now) {
  for (const auto& lane : core_.lanes()) backlog_.note(note_of(*lane), lane->limits().save(now, 0));
}

}  // namespace forebay
