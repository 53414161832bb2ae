#include "sim/sim_backlog.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace forebay::sim {

// ---- gathering ----

void SimBacklog::gather(const Change& change, bool urgent) {
  log_change(change);
  gathered_ = true;
  urgent_ |= urgent;
}

void SimBacklog::append(std::span<const MessageFacts> copies, std::string_view, std::string_view) {
  for (const MessageFacts& facts : copies) {
    assert(facts.sequence == next_);
    ++next_;
    appended_.push_back({facts, now_});
    gather({Change::What::append, 0, facts.sequence, 0}, true);
  }
}

void SimBacklog::settle(Sequence sequence, Settlement how) {
  if (watcher_ != nullptr) watcher_->on_settle(*table_.find(sequence), how);
  gather({Change::What::settle, 0, sequence, 0}, how == Settlement::cancelled || how == Settlement::purged);
}

void SimBacklog::retry(Sequence sequence, int64_t due_ms, uint8_t attempts) {
  gather({Change::What::retry, attempts, sequence, due_ms}, true);
}

void SimBacklog::dead(const DeadLetter& letter) {
  if (watcher_ != nullptr) watcher_->on_dead(*table_.find(letter.sequence));
  letters_under_way_.push_back(letter);
  gather({Change::What::dead, letter.attempts, letter.sequence, 0}, true);
}

void SimBacklog::revive(Sequence sequence, int64_t due_ms) {
  gather({Change::What::revive, 0, sequence, due_ms}, true);
}

void SimBacklog::note(std::string_view name, std::string_view value) {
  notes_under_way_.emplace_back(name, value);
  gather({Change::What::note, 0, 0, 0}, true);
}

void SimBacklog::key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) {
  key_spends_under_way_.push_back({set, cost, key, settled_ms});
  gather({Change::What::key_spent, 0, 0, 0}, false);
}

void SimBacklog::key_spends(int64_t since_ms, const KeySpendTold& tell) {
  for (const KeySpend& spend : key_spends_) {
    if (spend.settled_ms >= since_ms) tell(spend.set, spend.key, spend.settled_ms, spend.cost);
  }
}

void SimBacklog::forget_key_spends(int64_t before_ms) {
  while (!key_spends_.empty() && key_spends_.front().settled_ms < before_ms) key_spends_.pop_front();
}

void SimBacklog::fetch(Sequence sequence, Fetched done) {
  const Kept* kept = find(sequence);
  done(kept == nullptr ? ENOENT : 0, {{}, {}, kept == nullptr ? 0 : kept->facts.accepted_ms, nullptr});
}

std::optional<DeadLetter> SimBacklog::dead_letter(Sequence sequence) const {
  const auto found = letters_.find(sequence);
  return found == letters_.end() ? std::nullopt : std::optional(found->second);
}

std::string SimBacklog::noted(std::string_view name) const {
  const auto found = notes_.find(name);
  return found == notes_.end() ? "" : found->second;
}

// ---- committing ----

Instant SimBacklog::flush() {
  if (std::exchange(gathered_, false)) {
    handed_.push_back({open_++, end(), std::exchange(urgent_, false), now_});
    begin_when_idle();
  }
  return Instant::never();
}

void SimBacklog::begin_when_idle() {
  if (syncing_) return;
  due_ = Instant::never();
  if (handed_.empty()) return;
  const bool urgent = std::any_of(handed_.begin(), handed_.end(), [](const Batch& batch) { return batch.urgent; });
  const Instant begins = urgent ? now_ : handed_.front().handed + settles_wait;
  if (begins > now_) {
    written_ = handed_.back().end;  // written at once, synced later
    due_ = begins;
    return;
  }
  syncing_ = true;
  batches_syncing_ = handed_.size();
  written_ = handed_.back().end;
  const auto range = static_cast<uint64_t>((times_.most - times_.least).ns);
  due_ = now_ + times_.least + Duration{static_cast<int64_t>(random_.below(range + 1))};
}

void SimBacklog::work() {
  if (due_ > now_) return;
  if (!syncing_) return begin_when_idle();
  syncing_ = false;
  // Whoever hears of a batch sees what it made durable, and nothing of the next.
  for (; batches_syncing_ > 0; --batches_syncing_) {
    const Batch batch = handed_.front();
    handed_.pop_front();
    committed_.clear();
    apply_up_to(batch.end);
    listener_->on_committed(batch.number, 0);
  }
  begin_when_idle();
}

void SimBacklog::apply_up_to(uint64_t position) {
  for (; base_ < position; ++base_) {
    apply(log_.front());
    log_.pop_front();
  }
}

void SimBacklog::apply_append() {
  const Appended& added = appended_.front();
  Kept kept;
  kept.facts = added.facts;
  kept.came = added.came;
  table_.insert(added.facts.sequence, kept);
  committed_.push_back(added.facts);
  appended_.pop_front();
}

void SimBacklog::apply(const Change& change) {
  if (change.what == Change::What::append) return apply_append();
  if (change.what == Change::What::note) {
    auto& [name, value] = notes_under_way_.front();
    notes_[name] = std::move(value);
    return notes_under_way_.pop_front();
  }
  if (change.what == Change::What::key_spent) {
    key_spends_.push_back(key_spends_under_way_.front());
    return key_spends_under_way_.pop_front();
  }
  if (change.what == Change::What::settle) {
    if (!letters_.empty()) letters_.erase(change.sequence);
    table_.erase(change.sequence);
    return;
  }
  if (change.what == Change::What::dead) {
    letters_[change.sequence] = std::move(letters_under_way_.front());
    letters_under_way_.pop_front();
  }
  Kept* kept = table_.find(change.sequence);
  if (kept == nullptr) return;  // the mark of an attempt that ended with the message
  kept->begun = change.what == Change::What::begun;
  if (change.what == Change::What::begun || change.what == Change::What::over) return;
  kept->attempts = change.attempts;
  kept->dead = change.what == Change::What::dead;
  if (change.what == Change::What::retry || change.what == Change::What::revive) {
    kept->facts.due_ms = change.due_ms;
    kept->facts.due_by_wall = kept->facts.held = false;
  }
  if (change.what != Change::What::revive) return;
  letters_.erase(change.sequence);
  kept->revived = true;
  kept->facts.expires_ms = 0;
}

// ---- crashing, and what is left ----

void SimBacklog::crash(Crash how) {
  if (how == Crash::killed) {
    committed_.clear();
    apply_up_to(std::max(written_, base_));
    // A mark is taken back no sooner than what came of the attempt is written.
    for (uint64_t at = base_; at < marked_; ++at) {
      if (log_[at - base_].what == Change::What::begun) apply(log_[at - base_]);
    }
  }
  // Numbers of what nobody was told of are given again.
  if (!appended_.empty()) next_ = appended_.front().facts.sequence;
  drop_log();
  clean_ = false;
}

void SimBacklog::drop_log() {
  base_ = written_ = marked_ = end();
  log_.clear();
  appended_.clear();
  notes_under_way_.clear();
  letters_under_way_.clear();
  key_spends_under_way_.clear();
  handed_.clear();
  batches_syncing_ = 0;
  syncing_ = gathered_ = urgent_ = false;
  open_ = 1;
  due_ = Instant::never();
}

void SimBacklog::close() {
  committed_.clear();
  apply_up_to(end());
  drop_log();
  clean_ = true;
}

std::vector<RecoveredMessage> SimBacklog::recoverable() const {
  std::vector<RecoveredMessage> messages;
  messages.reserve(table_.size());
  table_.for_each([&](const Kept& kept) {
    RecoveredMessage message;
    message.facts = kept.facts;
    message.attempts = static_cast<uint8_t>(kept.attempts + (kept.begun ? 1 : 0));
    message.crashed_in_flight = kept.begun;
    message.dead = kept.dead;
    message.revived = kept.revived;
    messages.push_back(message);
  });
  return messages;
}

}  // namespace forebay::sim
