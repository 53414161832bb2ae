#include "backlog/recovery.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/format.h"

namespace forebay {

int Recovery::run(const AttemptsFile::LeftOver& left_over, Catalog* catalog, const Recovered& recovered,
                  RecoveredLog* log, RecoveryReport* report, std::string* error) {
  attempts_.insert(left_over.attempts.begin(), left_over.attempts.end());
  catalog_ = catalog;
  log_ = log;
  report_ = report;
  error_ = error;
  if (const int failed = read_checkpoints()) return failed;
  if (const int failed = read_segments()) return failed;
  classify();
  replay();
  if (const int failed = write_error_ != 0 ? write_error_ : make_durable()) {
    *error_ = files_.where() + ": syncing what the last run left: " + std::strerror(failed);
    return failed;
  }
  for (const SequenceRun& run : settled_) checkpoint_.live.erase_run(run.first, run.count);
  place_all(recovered);
  for (const auto& [name, value] : checkpoint_.notes) catalog_->note(name, value);
  const bool clean_stop = checkpoint_.head.clean && !left_over.at_work && report_->replayed_frames == 0;
  log_->next_frame = expected_ == 0 ? 1 : expected_;
  log_->next_sequence = std::max(checkpoint_.head.next_sequence, highest_sequence_ + 1);
  log_->kept_end = std::max(checkpoint_.head.kept_end, highest_sequence_ + 1);
  if (!clean_stop) log_->next_sequence += unclean_jump;
  report_->clean = clean_stop && report_->complaints.empty();
  return 0;
}

int Recovery::read_checkpoints() {
  Checkpoint found[2];
  CheckpointState states[2];
  for (int which = 0; which < 2; ++which) {
    uint32_t version = 0;
    states[which] = read_checkpoint(files_, which, store_.store_id, &found[which], &version);
    const std::string name = files_.where() + "/" + std::string(format::checkpoint_names[which]);
    if (states[which] == CheckpointState::other_version) {
      *error_ = name + ": " + version_words(version);
      return EINVAL;
    }
    if (states[which] == CheckpointState::damaged) complain(name + ": damaged");
    if (states[which] != CheckpointState::good) continue;
    log_->checkpointed_frames[which] = found[which].head.position.next_frame;
  }
  int newest = -1;
  for (int which = 0; which < 2; ++which) {
    if (states[which] != CheckpointState::good) continue;
    if (newest < 0 || found[which].head.generation > found[newest].head.generation) newest = which;
  }
  if (newest < 0) {
    complain(files_.where() +
             ": no checkpoint can be read; everything found in the segments is taken as waiting: "
             "expect redeliveries");
    return 0;
  }
  have_checkpoint_ = true;
  checkpoint_ = std::move(found[newest]);
  log_->checkpoint_generation = checkpoint_.head.generation;
  expected_ = checkpoint_.head.position.next_frame;
  if (states[1 - newest] == CheckpointState::missing && checkpoint_.head.generation > 1) {
    complain(files_.where() + "/" + std::string(format::checkpoint_names[1 - newest]) + ": missing");
  }
  return 0;
}

int Recovery::open(const SegmentHeader& header, std::unique_ptr<File>* file) {
  return files_.open(segment_name(header.slot), Files::Mode::open_existing, file);
}

int Recovery::read_segments() {
  std::vector<std::string> names;
  if (const int failed = files_.list(&names)) {
    *error_ = files_.where() + ": " + std::strerror(failed);
    return failed;
  }
  for (const std::string& name : names) {
    uint32_t slot = 0;
    if (!parse_segment_name(name, &slot)) continue;
    ++log_->segment_files;
    log_->next_slot = std::max(log_->next_slot, slot + 1);
    if (const int failed = read_segment_file(slot)) return failed;
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const OnDisk& a, const OnDisk& b) { return a.header.number < b.header.number; });
  return 0;
}

int Recovery::read_segment_file(uint32_t slot) {
  const std::string path = files_.where() + "/" + segment_name(slot);
  OnDisk segment;
  segment.header.slot = slot;
  std::unique_ptr<File> file;
  HeaderState state = HeaderState::damaged;
  uint32_t version = 0;
  int failed = open(segment.header, &file);
  if (failed == 0) failed = file->size(&segment.file_bytes);
  if (failed == 0) failed = read_segment_header(*file, &segment.header, &state, &version);
  if (failed == 0 && state == HeaderState::other_version) {
    *error_ = path + ": " + version_words(version);
    return EINVAL;
  }
  if (failed == 0 && state == HeaderState::blank) {
    log_->free.push_back({slot, 0});
    return 0;
  }
  const bool ours = state == HeaderState::good && segment.header.store_id == store_.store_id &&
                    segment.header.slot == slot && segment.header.number != 0;
  if (failed != 0 || !ours) {
    ++report_->quarantined_segments;
    complain(path + ": " +
             (failed != 0                  ? std::strerror(failed)
              : state == HeaderState::good ? "belongs elsewhere"
                                           : "its header is damaged") +
             "; left alone");
    return 0;
  }
  log_->next_number = std::max(log_->next_number, segment.header.number + 1);
  segments_.push_back(std::move(segment));
  return 0;
}

// Which segments are known by the checkpoint, which must be read, and which hold nothing of interest.
void Recovery::classify() {
  const LogPosition& position = checkpoint_.head.position;
  std::map<std::pair<uint32_t, uint32_t>, const SegmentTally*> listed;
  for (const CheckpointSegment& segment : checkpoint_.segments) {
    listed[{segment.tally.number, segment.slot}] = &segment.tally;
    log_->next_number = std::max(log_->next_number, segment.tally.number + 1);
  }
  log_->last_number = position.number;
  std::vector<OnDisk> kept;
  for (OnDisk& segment : segments_) {
    const auto found = listed.find({segment.header.number, segment.header.slot});
    if (found != listed.end()) {
      segment.listed = found->second;
      segment.tally = *found->second;
      segment.tally.live = 0;
      listed.erase(found);
    } else if (segment.header.number <= position.number) {
      log_->free.push_back({segment.header.slot, segment.header.generation});
      continue;
    }
    segment.tally.number = segment.header.number;
    segment.tally.generation = segment.header.generation;
    kept.push_back(std::move(segment));
  }
  segments_ = std::move(kept);
  for (const auto& [key, tally] : listed) {
    if (tally->live > 0) missing_.push_back(key.first);
  }
  for (size_t at = 0; at < segments_.size(); ++at) {
    const SegmentTally* tally = segments_[at].listed;
    if (!tally || tally->state == SegmentTally::State::open) replayed_.push_back(at);
  }
  log_->next_number = std::max(log_->next_number, position.number + 1);
}

void Recovery::quarantine(OnDisk& segment, const std::string& why) {
  if (segment.tally.state == SegmentTally::State::quarantined) return;
  segment.tally.state = SegmentTally::State::quarantined;
  ++report_->quarantined_segments;
  complain(files_.where() + "/" + segment_name(segment.header.slot) + ": " + why + "; quarantined, the rest is served");
}

void Recovery::complain(std::string what) {
  report_->complaints.push_back(std::move(what));
}

}  // namespace forebay
