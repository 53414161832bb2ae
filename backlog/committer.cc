#include "backlog/committer.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace forebay {

Committer::Committer(Worker& worker, SegmentPool& pool, KeySpends& spends, RememberedKeys& keys, LogWriter log,
                     Clock& clock, Report report)
    : pool_(pool),
      spends_(spends),
      keys_(keys),
      log_(std::move(log)),
      clock_(clock),
      report_(std::move(report)),
      line_(worker) {}

void Committer::hand_over(std::unique_ptr<Group> group) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(group));
  }
  start();
}

void Committer::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  start();
}

void Committer::start() {
  {
    const std::lock_guard lock(mutex_);
    if (started_) return;
    started_ = true;
  }
  line_.post([this] { run(); });
}

void Committer::run() {
  for (bool first = true;; first = false) {
    std::vector<std::unique_ptr<Group>> groups;
    bool urgent = false;
    {
      const std::lock_guard lock(mutex_);
      started_ = first || !waiting_.empty() || poked_;
      if (!started_) return;
      groups.swap(waiting_);
      urgent = std::exchange(poked_, false);
    }
    if (broken_) continue;
    commit(std::move(groups), urgent);
  }
}

void Committer::commit(std::vector<std::unique_ptr<Group>> groups, bool urgent) {
  CommitResult& result = unreported_;
  const uint64_t bytes_before = log_.frame_bytes_written();
  for (auto& group : groups) {
    spends_.write(group->key_spends);  // first: a settle on the disk never lacks its spend
    keys_.note_ends(group->key_ends);
    if (group->changes.empty()) continue;
    changes_.push_back({std::move(group->changes), std::move(group->change_ends), std::move(group->settled)});
    group->changes = ByteBuffer();
  }
  const int messages_error = write_together(groups);
  const int changes_error = messages_error == 0 ? 0 : write_changes_alone();
  if (changes_error == 0) {
    for (const Changes& changes : changes_) {
      result.settled.insert(result.settled.end(), changes.settled.begin(), changes.settled.end());
    }
    changes_.clear();
  }
  for (auto& group : groups) {
    group->changes_error = changes_error;
    if (!group->admissions.empty()) group->messages_error = messages_error;
    if (messages_error == 0) result.messages += group->message_count;
    write_copies(*group);
    urgent = urgent || group->urgent;
    if (group->probe) group->probe_error = probe();
  }
  result.changes_waiting = changes_error != 0;
  std::ranges::move(groups, std::back_inserter(result.groups));
  result.frame_bytes += log_.frame_bytes_written() - bytes_before;
  if (!urgent && messages_error == 0) return;
  sync(&result);
  report_(std::exchange(unreported_, {}));
}

int Committer::write_together(std::vector<std::unique_ptr<Group>>& groups) {
  const bool messages = std::ranges::any_of(groups, [](const auto& group) { return !group->admissions.empty(); });
  int error = messages ? write_keys(groups) : 0;
  if (error != 0) return error;
  error = put_changes();
  for (size_t i = 0; i < groups.size() && error == 0; ++i) error = put_messages(*groups[i]);
  if (error == 0) error = log_.end_commit();
  if (error == 0) return 0;
  log_.abandon_commit();
  if (messages) keys_.withdraw();
  return error;
}

// Before the messages, so that no message on the disk lacks its key.
int Committer::write_keys(const std::vector<std::unique_ptr<Group>>& groups) {
  std::vector<KeyRecord> keys;
  for (const auto& group : groups) keys.insert(keys.end(), group->keys.begin(), group->keys.end());
  return keys_.write(keys);
}

// Here, and if this segment's disk does not take it, in the next.
int Committer::write_changes_alone() {
  int error = 0;
  for (const bool elsewhere : {false, true}) {
    if (elsewhere) error = log_.leave_segment(SegmentUse::changes);
    if (error == 0) error = put_changes();
    if (error == 0) error = log_.end_commit();
    if (error == 0) return 0;
    log_.abandon_commit();
  }
  return error;
}

int Committer::put_changes() {
  for (const Changes& changes : changes_) {
    uint32_t begin = 0;
    for (const uint32_t end : changes.ends) {
      if (const int error = log_.make_room(end - begin, SegmentUse::changes)) return error;
      log_.put(changes.bytes.span().subspan(begin, end - begin));
      begin = end;
    }
  }
  return 0;
}

// As many records at once as the frame takes.
int Committer::put_messages(Group& group) {
  auto& all = group.admissions;
  for (size_t i = 0; i < all.size();) {
    if (const int error = log_.make_room(all[i].length, SegmentUse::messages)) return error;
    const size_t begin = i;
    const uint32_t start = all[begin].offset;
    const size_t room = std::max<size_t>(log_.room(), all[begin].length);
    while (i < all.size() && all[i].offset + all[i].length - start <= room) ++i;
    const uint32_t end = all[i - 1].offset + all[i - 1].length;
    const LogPlace place = log_.put(group.messages.span().subspan(start, end - start));
    for (size_t k = begin; k < i; ++k) all[k].place = {place.slot, place.offset + (all[k].offset - start)};
  }
  return 0;
}

void Committer::write_copies(Group& group) {
  int error = 0;
  for (Copy& copy : group.copied) {
    error = log_.make_room(copy.length, SegmentUse::copies);
    if (error != 0) break;
    copy.place = log_.put(group.copies.span().subspan(copy.offset, copy.length));
  }
  if (error == 0) error = log_.end_commit();
  if (error == 0) return;
  log_.abandon_commit();
  for (Copy& copy : group.copied) copy.place = {};
}

// Would a message be kept? Here, and if this segment's disk does not take it, in the next.
int Committer::probe() {
  if (log_.probe() == 0) return 0;
  const int error = log_.leave_segment(SegmentUse::messages);
  return error == 0 ? log_.probe() : error;
}

void Committer::sync(CommitResult* result) {
  if (log_.unsynced() || spends_.unsynced() || keys_.unsynced()) {
    const Instant before = clock_.now().steady;
    result->broken = sync_all();
    result->sync_took = clock_.now().steady - before;
    result->synced = true;
  }
  if (result->broken.empty()) result->broken = pool_.sync_failure();
  broken_ = !result->broken.empty();
  result->position = log_.position();
  result->opened = log_.take_opened();
  result->sealed = log_.take_sealed();
}

// What failed, in words; empty: all of it is synced.
std::string Committer::sync_all() {
  if (std::string failure = spends_.sync(); !failure.empty()) return failure;
  if (std::string failure = keys_.sync(); !failure.empty()) return failure;
  const int error = log_.sync();
  return error == 0 ? std::string() : std::string("syncing the journal: ") + std::strerror(error);
}

}  // namespace forebay
