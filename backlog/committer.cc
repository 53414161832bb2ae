#include "backlog/committer.h"

#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/record.h"

namespace forebay {

Committer::Committer(Worker& worker, SegmentPool& pool, LogWriter log, Clock& clock, Report report)
    : pool_(pool), log_(std::move(log)), clock_(clock), report_(std::move(report)), line_(worker) {}

void Committer::hand_over(std::unique_ptr<Group> group) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(group));
  }
  start();
}

void Committer::poke() { start(); }

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
    {
      const std::lock_guard lock(mutex_);
      started_ = first || !waiting_.empty();
      if (!started_) return;
      groups.swap(waiting_);
    }
    if (broken_) continue;
    commit(std::move(groups));
  }
}

void Committer::commit(std::vector<std::unique_ptr<Group>> groups) {
  CommitResult result;
  const uint64_t bytes_before = log_.frame_bytes_written();
  for (auto& group : groups) {
    if (group->changes.empty()) continue;
    changes_.push_back({std::move(group->changes), std::move(group->change_ends), {}, std::move(group->settled)});
    group->changes = ByteBuffer();
  }
  int error = write_changes();
  if (error == 0) error = write_messages(groups);
  if (error != 0) fail_messages(groups, error);
  const int changes_error = write_changes_somewhere();
  for (auto& group : groups) {
    group->changes_error = changes_error;
    write_copies(*group);
    if (group->messages_error == 0) result.messages += group->message_count;
  }
  forget_written_changes(&result);
  result.groups = std::move(groups);
  result.frame_bytes = log_.frame_bytes_written() - bytes_before;
  sync(&result);
  report_(std::move(result));
}

// Puts what was not put yet; the last of it may still be in the frame under construction.
int Committer::write_changes() {
  for (Changes& changes : changes_) {
    changes.places.resize(changes.ends.size());
    uint32_t begin = 0;
    for (size_t i = 0; i < changes.ends.size(); begin = changes.ends[i++]) {
      if (changes.places[i].frame != 0) continue;  // on the disk, or in the frame under construction
      const uint32_t bytes = changes.ends[i] - begin;
      if (const int error = log_.make_room(bytes, SegmentUse::changes)) return error;
      changes.places[i] = log_.put(changes.bytes.span().subspan(begin, bytes));
    }
  }
  return 0;
}

int Committer::write_messages(std::vector<std::unique_ptr<Group>>& groups) {
  for (auto& group : groups) {
    if (const int error = put_messages(*group)) return error;
  }
  return log_.write_frame();
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
    for (size_t k = begin; k < i; ++k) {
      all[k].place = {place.slot, place.offset + (all[k].offset - start), place.frame};
    }
  }
  return 0;
}

void Committer::fail_messages(std::vector<std::unique_ptr<Group>>& groups, int error) {
  drop_changes_in_frame();
  for (auto& group : groups) {
    if (group->admissions.empty() || on_disk(group->admissions.back().place)) continue;
    group->messages_error = error;
    take_back(*group);
  }
}

// Frames of this group that did reach the disk hold messages that are being refused: they must not come back.
void Committer::take_back(const Group& group) {
  std::vector<SequenceRun> runs;
  for (const Admission& admission : group.admissions) {
    if (on_disk(admission.place)) runs.push_back({admission.first, admission.receivers});
  }
  if (runs.empty()) return;
  Changes changes;
  put_settle(changes.bytes, Settlement::dropped, runs);
  changes.ends.push_back(static_cast<uint32_t>(changes.bytes.size()));
  changes_.push_back(std::move(changes));
}

int Committer::write_changes_somewhere() {
  const auto write = [this] {
    const int error = write_changes();
    return error != 0 ? error : log_.write_frame();
  };
  int error = write();
  if (error == 0) return 0;
  drop_changes_in_frame();
  error = log_.leave_segment(SegmentUse::changes);
  if (error == 0) error = write();
  if (error != 0) drop_changes_in_frame();
  return error;
}

void Committer::drop_changes_in_frame() {
  log_.drop_frame();
  for (Changes& changes : changes_) {
    for (LogPlace& place : changes.places) {
      if (!on_disk(place)) place = {};
    }
  }
}

void Committer::write_copies(Group& group) {
  for (Copy& copy : group.copied) {
    int error = log_.make_room(copy.length, SegmentUse::copies);
    if (error == 0) copy.place = log_.put(group.copies.span().subspan(copy.offset, copy.length));
    if (error != 0) break;
  }
  if (log_.write_frame() != 0) log_.drop_frame();
  for (Copy& copy : group.copied) {
    if (!on_disk(copy.place)) copy.place = {};
  }
}

void Committer::forget_written_changes(CommitResult* result) {
  while (!changes_.empty()) {
    Changes& changes = changes_.front();
    for (const LogPlace& place : changes.places) {
      if (!on_disk(place)) return void(result->changes_waiting = true);
    }
    if (changes.places.size() != changes.ends.size()) return void(result->changes_waiting = true);
    result->settled.insert(result->settled.end(), changes.settled.begin(), changes.settled.end());
    changes_.pop_front();
  }
}

void Committer::sync(CommitResult* result) {
  if (log_.unsynced()) {
    const Instant before = clock_.now().steady;
    if (const int error = log_.sync()) result->broken = std::string("syncing the journal: ") + std::strerror(error);
    result->sync_took = clock_.now().steady - before;
    result->synced = true;
  }
  if (result->broken.empty()) result->broken = pool_.sync_failure();
  broken_ = !result->broken.empty();
  result->position = log_.position();
  result->opened = log_.take_opened();
  result->sealed = log_.take_sealed();
}

}  // namespace forebay
