#include "backlog/journal.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/attempts_file.h"
#include "backlog/body_reader.h"
#include "backlog/committer.h"
#include "backlog/format.h"
#include "backlog/metered_files.h"
#include "backlog/store_file.h"
#include "backlog/upkeep.h"
#include "backlog/whole_file.h"

namespace forebay {
namespace {

constexpr uint32_t change_run_bytes = 32 * 1024;  // changes are cut into frames at least this finely
constexpr size_t settle_runs_per_record = 4096;
constexpr size_t excerpt_bytes_max = 256;
const Duration probe_interval = Duration::seconds(1);

class OpenJournal final : public Journal {
 public:
  OpenJournal(const JournalPorts& ports, const JournalOptions& options)
      : files_(ports.files),
        clock_(ports.clock),
        listener_(ports.listener),
        options_(options),
        inbox_(ports.loop),
        helper_(ports.helper),
        bodies_(files_, ports.reader, inbox_, catalog_, options.window_bytes) {}
  ~OpenJournal() override;

  int start(Worker& commit, const Recovered& recovered, std::string* error);

  int room(uint64_t bytes) override;
  void append(std::span<const MessageFacts> copies, std::string_view meta, std::string_view body) override;
  void settle(Sequence sequence, Settlement how) override;
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts) override;
  void dead(const DeadLetter& letter) override;
  void revive(Sequence sequence, int64_t due_ms) override;
  void note(std::string_view name, std::string_view value) override;
  uint64_t open_batch() const override { return open_->batch; }
  void flush() override;

  void attempt_begun(Sequence sequence, uint8_t attempt) override { attempts_.begun(sequence, attempt); }
  void attempt_over(Sequence sequence) override { attempts_.over(sequence); }
  void write_attempts() override { attempts_.write(); }

  void fetch(Sequence sequence, Fetched done) override { bodies_.fetch(sequence, std::move(done)); }
  void prefetch(std::span<const Sequence> sequences) override { bodies_.prefetch(sequences); }

  std::optional<DeadLetter> dead_letter(Sequence sequence) const override;
  std::string noted(std::string_view name) const override;
  Sequence next_sequence() const override { return next_sequence_; }
  BacklogFigures figures() const override;
  uint32_t store_id() const override { return store_.store_id; }
  std::span<const uint8_t, 16> id_key() const override { return store_.id_key; }
  int queue_id(std::string_view name, QueueId* id) override;
  void close() override;

  const RecoveryReport& recovery() const override { return report_; }
  size_t index_bytes() const override { return catalog_.memory_bytes(); }

 private:
  int open_store(std::string* error);
  int create_store(std::string* error);
  int assemble(Worker& commit, RecoveredLog& log, std::string* error);

  void mark_change();
  void encode_settles();
  std::unique_ptr<Group> fresh_group();
  void committed(CommitResult& result);
  void admit(Group& group);
  void keep_bodies(Group& group);
  void note_refusal(const Group& group);
  void broken(const std::string& what);
  int failed(const std::string& what, int error, std::string* words) const;

  MeteredFiles files_;
  Clock& clock_;
  BacklogListener& listener_;
  const JournalOptions options_;
  StoreFile store_;
  RecoveryReport report_;
  Catalog catalog_;
  AttemptsFile attempts_;
  Inbox inbox_;
  TaskLine helper_;
  BodyReader bodies_;
  std::unique_ptr<SegmentPool> pool_;
  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<Committer> committer_;

  std::unique_ptr<Group> open_;
  std::vector<std::pair<Sequence, Settlement>> settles_;  // of the open group, not yet encoded
  Sequence next_sequence_ = 1;
  uint64_t gathered_bytes_ = 0;  // of messages, appended and not yet reported
  bool changes_waiting_ = false;
  bool broken_ = false;
  bool closed_ = false;
  int refusing_ = 0;  // the errno of the last failed write of messages
  Instant probed_;
  Instant poked_;
  mutable uint64_t disk_free_ = 0;
};

OpenJournal::~OpenJournal() {
  inbox_.stop();
  if (committer_) committer_->stop();
  helper_.stop();
  bodies_.stop();
}

// -- opening --

int OpenJournal::failed(const std::string& what, int error, std::string* words) const {
  *words = files_.where() + ": " + what + ": " + std::strerror(error);
  return error;
}

int OpenJournal::start(Worker& commit, const Recovered& recovered, std::string* error) {
  if (const int locked = files_.lock(format::lock_name); locked == EWOULDBLOCK) {
    *error = "another forebay uses this data_dir (" + files_.where() + ")";
    return locked;
  } else if (locked != 0) {
    return failed("locking", locked, error);
  }
  if (const int unopened = open_store(error)) return unopened;
  std::unordered_map<Sequence, uint8_t> attempts;
  if (const int unread = attempts_.open(files_, &attempts)) return failed("the attempts file", unread, error);
  RecoveredLog log;
  Recovery recovery(files_, store_, options_.segment_bytes);
  if (const int lost = recovery.run(attempts, &catalog_, recovered, &log, &report_, error)) return lost;
  next_sequence_ = log.next_sequence;
  if (const int unready = assemble(commit, log, error)) return unready;
  if (const int unkept = attempts_.restart(log.crashed)) return failed("the attempts file", unkept, error);
  return 0;
}

int OpenJournal::open_store(std::string* error) {
  switch (read_store(files_, &store_, error)) {
    case StoreState::good: return 0;
    case StoreState::refused: return EINVAL;
    case StoreState::missing: break;
  }
  std::vector<std::string> names;
  if (const int unread = files_.list(&names)) return failed("listing", unread, error);
  for (const std::string& name : names) {
    uint32_t slot = 0;
    if (!parse_segment_name(name, &slot)) continue;
    *error = files_.where() + ": has segments but no store file; put the file back, or move the segments away";
    return EINVAL;
  }
  return create_store(error);
}

// The store file comes last: with it the store exists.
int OpenJournal::create_store(std::string* error) {
  store_.store_id = options_.new_store_id;
  store_.id_key = options_.new_id_key;
  bool sync_failed = false;
  const CheckpointHead head{.generation = 1, .clean = true, .written_ms = clock_.now().wall.ms()};
  ByteBuffer checkpoint = encode_checkpoint(store_.store_id, head, Catalog());
  files_.remove(format::checkpoint_names[1]);
  if (const int unwritten = replace_whole(files_, format::checkpoint_names[0], checkpoint, &sync_failed)) {
    return failed("creating the store", unwritten, error);
  }
  const int unwritten = write_store(files_, store_);
  return unwritten == 0 ? 0 : failed("creating the store", unwritten, error);
}

int OpenJournal::assemble(Worker& commit, RecoveredLog& log, std::string* error) {
  const SegmentPool::Options options{store_.store_id, store_.id_key, options_.segment_bytes, options_.max_bytes};
  pool_ = std::make_unique<SegmentPool>(files_, options, log.next_slot, log.next_number, log.segment_files);
  for (const FreeSlot& slot : log.free) pool_->recycle(slot);
  upkeep_ = std::make_unique<Upkeep>(
      files_, clock_,
      Upkeep::Options{store_.store_id, options_.segment_bytes, options_.checkpoint_bytes}, catalog_, *pool_, bodies_,
      helper_, inbox_, next_sequence_, [this](const std::string& what) { broken(what); });
  committer_ = std::make_unique<Committer>(
      commit, *pool_, LogWriter(*pool_, options_.segment_bytes, log.next_frame, log.last_number), clock_,
      [this](CommitResult result) {
        auto shared = std::make_shared<CommitResult>(std::move(result));
        inbox_.post([this, shared] { committed(*shared); });
      });
  open_ = std::make_unique<Group>();
  open_->batch = 1;
  files_.free_bytes(&disk_free_);
  if (options_.max_bytes < (SegmentPool::reserve + 2) * options_.segment_bytes) {
    *error = files_.where() + ": max_bytes must hold at least " + std::to_string(SegmentPool::reserve + 2) +
             " segments of " + std::to_string(options_.segment_bytes) + " bytes";
    return ENOSPC;
  }
  upkeep_->start(log, report_.clean);
  return 0;
}

// -- gathering --

int OpenJournal::room(uint64_t bytes) {
  if (broken_) return EIO;
  const uint64_t needed = bytes + message_overhead_max(1);
  if (needed > pool_->usable_per_segment()) return EMSGSIZE;
  if (refusing_ != 0) {
    const Instant now = clock_.now().steady;
    if (now - probed_ < probe_interval) return refusing_;
    probed_ = now;
  }
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
  settles_.emplace_back(sequence, how);
}

void OpenJournal::retry(Sequence sequence, int64_t due_ms, uint8_t attempts) {
  if (!catalog_.place(sequence)) return;
  catalog_.retry(sequence, due_ms, attempts);
  put_retry(open_->changes, sequence, due_ms, attempts);
  mark_change();
}

void OpenJournal::dead(const DeadLetter& letter) {
  if (!catalog_.place(letter.sequence)) return;
  DeadLetter kept = letter;
  kept.reason.resize(std::min(kept.reason.size(), excerpt_bytes_max));
  kept.excerpt.resize(std::min(kept.excerpt.size(), excerpt_bytes_max));
  catalog_.dead(kept);
  put_dead(open_->changes, kept);
  mark_change();
}

void OpenJournal::revive(Sequence sequence, int64_t due_ms) {
  if (!catalog_.place(sequence)) return;
  catalog_.revive(sequence, due_ms);
  put_revive(open_->changes, sequence, due_ms);
  mark_change();
}

void OpenJournal::note(std::string_view name, std::string_view value) {
  catalog_.note(name, value);
  put_note(open_->changes, name, value);
  mark_change();
}

// Records are gathered into runs that are never cut; each of them fits into a frame.
void OpenJournal::mark_change() {
  auto& ends = open_->change_ends;
  const auto end = static_cast<uint32_t>(open_->changes.size());
  const uint32_t begin = ends.size() < 2 ? 0 : ends[ends.size() - 2];
  if (!ends.empty() && end - begin <= change_run_bytes) {
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

void OpenJournal::flush() {
  if (broken_ || closed_) return;
  const Instant now = clock_.now().steady;
  encode_settles();
  upkeep_->run(*open_, now);
  if (!open_->empty()) {
    auto group = std::move(open_);
    open_ = std::make_unique<Group>();
    open_->batch = group->batch + 1;
    committer_->hand_over(std::move(group));
  } else if (changes_waiting_ && now - poked_ >= probe_interval) {
    poked_ = now;
    committer_->poke();
  }
}

// -- what came back --

void OpenJournal::committed(CommitResult& result) {
  if (broken_) return;
  if (!result.broken.empty()) return broken(result.broken);
  changes_waiting_ = result.changes_waiting;
  upkeep_->committed(result);
  for (auto& group : result.groups) {
    if (group->messages_error == 0) admit(*group);
    for (const Admission& admission : group->admissions) gathered_bytes_ -= admission.length;
    upkeep_->compaction().committed(*group);
    note_refusal(*group);
  }
  if (result.synced) listener_.on_synced(result.sync_took, result.messages);
  for (auto& group : result.groups) {
    const int error = group->messages_error != 0 ? group->messages_error : group->changes_error;
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
  if (group.admissions.empty()) return;
  if (group.messages_error != 0 && refusing_ == 0) probed_ = clock_.now().steady;
  refusing_ = group.messages_error;
}

void OpenJournal::broken(const std::string& what) {
  if (broken_) return;
  broken_ = true;
  listener_.on_broken(files_.where() + ": " + what);
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
  figures.live_bytes = catalog_.live_bytes();
  uint64_t used = 0;
  for (const SegmentTally& tally : catalog_.segments()) {
    if (tally.state == SegmentTally::State::none) continue;
    used += tally.state == SegmentTally::State::open ? options_.segment_bytes - upkeep_->open_left() : tally.end;
  }
  figures.dead_bytes = used > figures.live_bytes ? used - figures.live_bytes : 0;
  figures.free_bytes = pool_->free_bytes() + upkeep_->open_left();
  figures.disk_free_bytes = disk_free_;
  figures.torn_tails = report_.torn_tails;
  figures.quarantined_segments = report_.quarantined_segments;
  figures.missing_segments = report_.missing_segments;
  figures.bytes_written = files_.bytes_written();
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

void OpenJournal::close() {
  if (closed_) return;
  flush();
  closed_ = true;
  committer_->finish();
  inbox_.drain();
  helper_.finish();
  inbox_.drain();
  if (broken_ || changes_waiting_) return;
  upkeep_->checkpoint_now(true);
}

}  // namespace

int Journal::open(const JournalPorts& ports, const JournalOptions& options, const Recovered& recovered,
                  std::unique_ptr<Journal>* journal, std::string* error) {
  auto opened = std::make_unique<OpenJournal>(ports, options);
  if (const int failed = opened->start(ports.commit, recovered, error)) return failed;
  *journal = std::move(opened);
  return 0;
}

}  // namespace forebay
