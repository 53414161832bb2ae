#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/open_journal.h"
#include "backlog/record.h"

namespace forebay {
namespace {

constexpr uint64_t change_run_bytes = 32 * 1024;  // changes are cut into frames at least this finely
constexpr size_t settle_runs_per_record = 256;
constexpr size_t excerpt_bytes_max = 256;
constexpr Duration probe_interval = Duration::seconds(1);
constexpr Duration free_space_interval = Duration::seconds(2);

}  // namespace

OpenJournal::~OpenJournal() {
  inbox_.stop();
  if (committer_) committer_->stop();
  helper_.stop();
  bodies_.stop();
  key_reader_.stop();
}

// -- gathering --

int OpenJournal::room(uint64_t bytes, size_t messages) {
  if (broken_) return EIO;
  const uint64_t needed = bytes + messages * message_overhead_max(1);
  if (needed > pool_->usable_per_segment()) return EMSGSIZE;
  if (refusing_ != 0) return refusing_;
  if (gathered_bytes_ != 0 && gathered_bytes_ + needed > options_.unsynced_bytes) return EAGAIN;
  // Frames do not fill segments to the last byte: what is promised is what fits in the worst case.
  return gathered_bytes_ + needed + gathered_bytes_ / 16 > upkeep_->room() ? ENOSPC : 0;
}

void OpenJournal::append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) {
  assert(!copies.empty() && copies[0].sequence == next_sequence_);
  const auto offset = static_cast<uint32_t>(open_->messages.size());
  put_message(open_->messages, false, copies, meta, body);
  const auto length = static_cast<uint32_t>(open_->messages.size()) - offset;
  open_->admissions.push_back({copies[0].sequence, static_cast<uint32_t>(copies.size()), offset, length, {}});
  open_->message_count += static_cast<uint32_t>(copies.size());
  open_->urgent = true;
  next_sequence_ += copies.size();
  gathered_bytes_ += length;
}

void OpenJournal::settle(Sequence sequence, Settlement how) {
  const auto slot = catalog_.settle(sequence);
  if (!slot) return;
  ++catalog_.segment(*slot).unsynced_settles;
  auto& settled = open_->settled;
  if (!settled.empty() && settled.back().first == *slot) {
    ++settled.back().second;
  } else {
    settled.emplace_back(*slot, 1);
  }
  if (keys_->covers(sequence)) open_->key_ends.push_back({sequence, now_ms()});
  settles_.emplace_back(sequence, how);
  if (how == Settlement::cancelled || how == Settlement::purged) open_->urgent = true;
}

void OpenJournal::retry(Sequence sequence, int64_t due_ms, uint8_t attempts) {
  if (!catalog_.place(sequence)) return;
  catalog_.retry(sequence, due_ms, attempts);
  put_retry(open_->changes, sequence, due_ms, attempts);
  mark_urgent_change();
}

void OpenJournal::dead(const DeadLetter& letter) {
  if (!catalog_.place(letter.sequence)) return;
  DeadLetter kept = letter;
  kept.reason.resize(std::min(kept.reason.size(), excerpt_bytes_max));
  kept.excerpt.resize(std::min(kept.excerpt.size(), excerpt_bytes_max));
  catalog_.dead(kept);
  put_dead(open_->changes, kept);
  mark_urgent_change();
}

void OpenJournal::revive(Sequence sequence, int64_t due_ms) {
  if (!catalog_.place(sequence)) return;
  catalog_.revive(sequence, due_ms);
  put_revive(open_->changes, sequence, due_ms);
  mark_urgent_change();
}

void OpenJournal::note(std::string_view name, std::string_view value) {
  assert(name.size() + value.size() <= options_.segment_bytes / 4);
  catalog_.note(name, value);
  put_note(open_->changes, name, value);
  mark_urgent_change();
}

void OpenJournal::key_spent(uint32_t set, KeyHash key, int64_t settled_ms, uint32_t cost) {
  open_->key_spends.push_back({set, cost, key, std::max<int64_t>(settled_ms, 0)});
}

void OpenJournal::mark_urgent_change() {
  open_->urgent = true;
  mark_change();
}

// Records are gathered into runs that are never cut; each of them fits into a frame.
void OpenJournal::mark_change() {
  auto& ends = open_->change_ends;
  const auto end = static_cast<uint32_t>(open_->changes.size());
  const uint32_t begin = ends.size() < 2 ? 0 : ends[ends.size() - 2];
  if (!ends.empty() && end - begin <= std::min(change_run_bytes, options_.segment_bytes / 8)) {
    ends.back() = end;
  } else {
    ends.push_back(end);
  }
}

// Settles of one turn are mostly neighbours: sorted, they are runs.
void OpenJournal::encode_settles() {
  std::sort(settles_.begin(), settles_.end(),
            [](const auto& a, const auto& b) { return std::pair(a.second, a.first) < std::pair(b.second, b.first); });
  std::vector<SequenceRun> runs;
  for (size_t i = 0; i < settles_.size();) {
    const Settlement how = settles_[i].second;
    runs.clear();
    for (; i < settles_.size() && settles_[i].second == how; ++i) {
      const Sequence sequence = settles_[i].first;
      if (!runs.empty() && runs.back().first + runs.back().count == sequence) {
        ++runs.back().count;
      } else if (runs.size() == settle_runs_per_record) {
        break;
      } else {
        runs.push_back({sequence, 1});
      }
    }
    put_settle(open_->changes, how, runs);
    mark_change();
  }
  settles_.clear();
}

Instant OpenJournal::flush() {
  if (broken_ || closed_) return Instant::never();
  const Instant now = clock_.now().steady;
  measure_free_space(now);
  sweep_keys(now);
  encode_settles();
  if (upkeep_->run(*open_, now)) open_->urgent = true;
  probe_if_due(now);
  const bool retry_due = changes_waiting_ && now - poked_ >= probe_interval;
  hand_over(now);
  const bool sync_due = !unsynced_since_.is_never() && now - unsynced_since_ >= settles_wait;
  if (sync_due || retry_due) poke(now);
  return next_flush(now);
}

void OpenJournal::hand_over(Instant now) {
  if (open_->empty()) return attempts_.left_empty(open_->batch);
  auto group = std::move(open_);
  open_ = std::make_unique<Group>();
  open_->batch = group->batch + 1;
  if (group->urgent) {
    unsynced_since_ = Instant::never();  // its sync takes with it what went before
  } else if (unsynced_since_.is_never()) {
    unsynced_since_ = now;
  }
  poked_ = now;  // changes that could not be written go along
  committer_->hand_over(std::move(group));
}

// What is written is synced, what could not be written is tried again.
void OpenJournal::poke(Instant now) {
  poked_ = now;
  unsynced_since_ = Instant::never();
  committer_->poke();
}

// Nobody publishes to a relay that refuses: it finds out by itself when it need not any more.
void OpenJournal::probe_if_due(Instant now) {
  if (refusing_ == 0 || now - probed_ < probe_interval) return;
  probed_ = now;
  open_->probe = true;
  open_->urgent = true;
}

Instant OpenJournal::next_flush(Instant now) const {
  Instant next = upkeep_->next_run(now);
  if (refusing_ != 0) next = std::min(next, probed_ + probe_interval);
  next = std::min(next, unsynced_since_ + settles_wait);
  if (changes_waiting_) next = std::min(next, poked_ + probe_interval);
  if (keys_->records() > 0) next = std::min(next, keys_swept_ + keys_sweep_interval);
  return next;
}

void OpenJournal::measure_free_space(Instant now) {
  if (now - measured_ < free_space_interval) return;
  measured_ = now;
  helper_.post([this] {
    uint64_t bytes = 0;
    if (files_.free_bytes(&bytes) == 0) disk_free_ = bytes;
  });
}

// -- what came back --

void OpenJournal::committed(CommitResult& result) {
  if (broken_) return;
  if (!result.broken.empty()) return broken(result.broken);
  changes_waiting_ = result.changes_waiting;
  for (const auto& group : result.groups) {
    if (group->messages_error != 0 || group->admissions.empty()) continue;
    const Admission& last = group->admissions.back();
    kept_end_ = last.first + last.receivers;
  }
  upkeep_->committed(result);
  count_key_bytes();
  for (auto& group : result.groups) {
    if (group->messages_error == 0) admit(*group);
    for (const Admission& admission : group->admissions) gathered_bytes_ -= admission.length;
    gathered_keys_ -= group->keys.size();
    upkeep_->compaction().committed(*group);
    note_refusal(*group);
  }
  if (result.synced) listener_.on_synced(result.sync_took, result.messages);
  for (auto& group : result.groups) {
    const int error = group->messages_error != 0 ? group->messages_error : group->changes_error;
    attempts_.committed(group->batch);
    listener_.on_committed(group->batch, error);
  }
}

void OpenJournal::admit(Group& group) {
  for (const Admission& admission : group.admissions) {
    for (uint32_t i = 0; i < admission.receivers; ++i) {
      catalog_.admit(admission.first + i,
                     make_place(admission.place.slot, admission.place.offset, admission.length, i > 0));
    }
  }
  keep_bodies(group);
}

// Stretches that lie in the file as they do in the buffer.
void OpenJournal::keep_bodies(Group& group) {
  if (group.admissions.empty() || group.messages.size() > options_.window_bytes) return;
  const auto owner = std::make_shared<ByteBuffer>(std::move(group.messages));
  const auto& all = group.admissions;
  for (size_t i = 0, begin = 0; i < all.size(); ++i) {
    const bool last = i + 1 == all.size();
    const bool goes_on = !last && all[i + 1].place.slot == all[i].place.slot &&
                         all[i + 1].place.offset == all[i].place.offset + all[i].length;
    if (goes_on) continue;
    const uint32_t start = all[begin].offset, end = all[i].offset + all[i].length;
    bodies_.keep_written(all[begin].place.slot, all[begin].place.offset,
                         std::span<const std::byte>(owner->span()).subspan(start, end - start), owner);
    begin = i + 1;
  }
}

void OpenJournal::note_refusal(const Group& group) {
  if (group.admissions.empty() && !group.probe) return;
  const int error = group.admissions.empty() ? group.probe_error : group.messages_error;
  if (error != 0 && refusing_ == 0) probed_ = clock_.now().steady;
  refusing_ = error;
}

void OpenJournal::broken(const std::string& what) {
  if (broken_) return;
  broken_ = true;
  listener_.on_broken(files_.where() + ": " + what);
}

// -- the history of key limits --

void OpenJournal::key_spends(int64_t since_ms, const KeySpendTold& tell) {
  spends_->replay(since_ms, [&](const KeySpend& spend) { tell(spend.set, spend.key, spend.settled_ms, spend.cost); });
  if (const std::string failure = spends_->sync_failure(); !failure.empty()) broken(failure);
}

void OpenJournal::forget_key_spends(int64_t before_ms) {
  helper_.post([this, before_ms] {
    spends_->forget(before_ms);
    count_key_bytes();
  });
}

// -- what is known --

std::optional<DeadLetter> OpenJournal::dead_letter(Sequence sequence) const {
  const DeadLetter* letter = catalog_.dead_letter(sequence);
  return letter ? std::optional(*letter) : std::nullopt;
}

std::string OpenJournal::noted(std::string_view name) const {
  const auto at = catalog_.notes().find(name);
  return at == catalog_.notes().end() ? std::string() : at->second;
}

BacklogFigures OpenJournal::figures() const {
  BacklogFigures figures;
  figures.live_bytes = catalog_.live_bytes() + spends_->bytes() + keys_->bytes();
  uint64_t used = spends_->bytes() + keys_->bytes();
  for (const SegmentTally& tally : catalog_.segments()) {
    if (tally.state == SegmentTally::State::none) continue;
    used += tally.state == SegmentTally::State::open ? options_.segment_bytes - upkeep_->open_left() : tally.end;
  }
  figures.dead_bytes = used > figures.live_bytes ? used - figures.live_bytes : 0;
  figures.free_bytes = pool_->free_bytes() + upkeep_->open_left();
  figures.disk_free_bytes = disk_free_;
  figures.torn_tails = report_.torn_tails;
  figures.key_spends_lost = spends_->lost();
  figures.key_records_lost = keys_->lost();
  figures.remembered_keys = keys_->records();
  figures.quarantined_segments = report_.quarantined_segments;
  figures.missing_segments = report_.missing_segments;
  figures.bytes_written = files_.bytes_written();
  figures.page_bytes_written = files_.page_bytes_written();
  figures.refusing = refusing_ != 0;
  if (refusing_ != 0) figures.refusing_why = std::string(std::strerror(refusing_)) + " (" + files_.where() + ")";
  return figures;
}

int OpenJournal::queue_id(std::string_view name, QueueId* id) {
  const auto known = store_.queues.find(name);
  if (known != store_.queues.end()) return *id = known->second, 0;
  QueueId next = 1;
  for (const auto& [other, number] : store_.queues) next = std::max<QueueId>(next, number + 1);
  if (next == 0) return ENOSPC;
  StoreFile changed = store_;
  changed.queues.emplace(name, next);
  if (const int error = write_store(files_, changed)) return error;
  store_ = std::move(changed);
  *id = next;
  return 0;
}

std::string OpenJournal::queue_name(QueueId id) const {
  for (const auto& [name, number] : store_.queues) {
    if (number == id) return name;
  }
  return {};
}

void OpenJournal::close() {
  if (closed_) return;
  flush();
  closed_ = true;
  committer_->poke();
  committer_->finish();
  inbox_.drain();
  helper_.finish();
  inbox_.drain();
  if (broken_) return;
  spends_->close();
  keys_->close();
  if (changes_waiting_) return;
  // A stop whose mark cannot be taken back counts as none, which costs the next start a little and loses nothing.
  if (upkeep_->checkpoint_now(true) == 0) attempts_.stopped();
}

}  // namespace forebay
