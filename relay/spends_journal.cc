#include "relay/spends_journal.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace forebay {

SpendsJournal::Kept* SpendsJournal::find(const std::string& note) {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.note == note; });
  return found == kept_.end() ? nullptr : &*found;
}

std::vector<size_t> SpendsJournal::gather() {
  std::vector<size_t> fresh;
  const auto add = [&](std::string note, LimitSet& limits, const SinkLane& lane) {
    Kept* kept = find(note);
    if (kept == nullptr) {
      fresh.push_back(kept_.size());
      kept = &kept_.emplace_back();
      kept->note = std::move(note);
    }
    kept->limits = &limits;
    kept->sink = lane.id();
    kept->grace = lane.config().timeout;
  };
  for (const auto& lane : core_.lanes()) add("spends:" + lane->config().name, lane->limits(), *lane);
  for (const Queue& queue : core_.queues()) {
    if (queue.limits) add("spends:queue:" + queue.config.name, *queue.limits, *core_.lanes()[queue.sink]);
  }
  return fresh;
}

void SpendsJournal::restore(Kept& kept, Now now, bool clean) {
  // After an unclean stop, what was in flight or given up lately may still be counted until the grace is over.
  const Duration grace = clean ? Duration{} : kept.grace;
  const std::string saved = backlog_.noted(kept.note);
  const BacklogFigures figures = backlog_.figures();
  if (saved.empty() && figures.quarantined_segments == 0 && figures.missing_segments == 0) {
    if (backlog_.next_sequence() > 1) kept.limits->restore_unrecorded(now, grace);
    return;
  }
  if (!kept.limits->restore(saved, now, clean, grace)) {
    spdlog::warn("{}: what these limits had spent could not be read back; they start as fully spent", kept.note);
  }
}

void SpendsJournal::start(Now now) {
  started_ = true;
  for (const size_t i : gather()) {
    Kept& kept = kept_[i];
    restore(kept, now, backlog_.stopped_cleanly());
    if (kept.limits->has_long_window()) kept.limits->cover(0);
    record(kept, now);
  }
}

// A sink that comes back after a time out of the config: of when it last sent, and how that ended, nothing is known.
void SpendsJournal::look_again(Now now) {
  if (!started_) return;
  for (const size_t i : gather()) restore(kept_[i], now, false);
  for (Kept& kept : kept_) {
    if (kept.limits->has_long_window()) kept.limits->cover(kept.limits->taken());
    record(kept, now);
  }
}

void SpendsJournal::record(Kept& kept, Now now) {
  const LimitSet& limits = *kept.limits;
  kept.recorded = limits.taken();
  kept.ahead = limits.ahead();
  kept.written = now.steady;
  kept.dirty = limits.in_flight() > 0;
  kept.batch = backlog_.open_batch();
  backlog_.note(kept.note, limits.save(now, kept.ahead));
}

Instant SpendsJournal::work(Now now) {
  Instant next = Instant::never();
  for (Kept& kept : kept_) {
    if (kept.batch || !kept.limits->has_long_window()) continue;
    const uint64_t since = kept.limits->taken() - kept.recorded;
    // A message costs more than any before: the last record cannot cover it, whatever else is sent.
    const bool grown = kept.limits->ahead() > kept.ahead;
    if (since == 0 && !kept.dirty && !grown) continue;
    const Instant due = kept.written + interval;
    if (grown || due <= now.steady || since >= std::max<uint64_t>(kept.limits->ahead() / 2, 1)) {
      record(kept, now);
    } else {
      next = std::min(next, due);
    }
  }
  return next;
}

void SpendsJournal::committed(uint64_t batch, bool whole) {
  for (Kept& kept : kept_) {
    if (!kept.batch || *kept.batch > batch) continue;
    kept.batch.reset();
    if (!kept.limits->has_long_window()) continue;
    // Not known to be on the disk: it covers nothing. Another one goes a second after it.
    if (!whole) {
      kept.dirty = true;
      continue;
    }
    kept.limits->cover(kept.recorded + kept.ahead);
    core_.look_again(kept.sink);
  }
}

void SpendsJournal::stop(Now now) {
  for (const Kept& kept : kept_) backlog_.note(kept.note, kept.limits->save(now, 0));
}

}  // namespace forebay
