// Recovery, its second step: reading the log from the checkpoint's position on.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "backlog/format.h"
#include "backlog/recovery.h"

namespace forebay {
namespace {

constexpr size_t unused_portion_bytes = 256 << 10;

}  // namespace

void Recovery::replay() {
  miss_predecessors();
  for (const size_t at : replayed_) {
    if (!replay_one(at)) break;
  }
  torn_before_ = torn_before_ || !unfinished_.empty();
  end_commits(false);
  if (torn_before_) {
    ++report_->torn_tails;
    const OnDisk& segment = segments_[last_with_frames_];
    complain(files_.where() + "/" + segment_name(segment.header.slot) + ": torn tail, cut at byte " +
             std::to_string(segment.tally.end));
  }
  // What holds no frames is free. (Later frames of a commit that never finished were blanked.)
  std::vector<OnDisk> kept;
  for (OnDisk& segment : segments_) {
    if (segment.tally.state == SegmentTally::State::none) {
      // Newest first: a predecessor is not written over as long as a header names it.
      log_->free.insert(log_->free.begin(), {segment.header.slot, segment.header.generation});
    } else {
      log_->last_number = std::max(log_->last_number, segment.header.number);
      kept.push_back(std::move(segment));
    }
  }
  segments_ = std::move(kept);
}

// A header that names a predecessor of which there is no trace: somebody took it away. Unless a later header
// names an older one: then a start found the predecessor empty and gave its file another number.
void Recovery::miss_predecessors() {
  const uint32_t known = checkpoint_.head.position.number;
  uint32_t named_later = UINT32_MAX;
  for (size_t at = segments_.size(); have_checkpoint_ && at-- > 0;) {
    const uint32_t previous = segments_[at].header.previous;
    const bool there = previous <= known || (at > 0 && segments_[at - 1].header.number >= previous);
    if (!there && named_later >= previous) {
      ++report_->missing_segments;
      complain(files_.where() + ": segment number " + std::to_string(previous) + " is missing, and what was in it");
    }
    named_later = std::min(named_later, previous);
  }
}

// Nothing in it looks like a frame: read in portions that stay in the processor's cache. False: not known, it
// must be read in earnest.
bool Recovery::is_unused(const OnDisk& segment, File& file) {
  bytes_.clear();
  bytes_.extend(unused_portion_bytes);
  for (uint64_t at = format::segment_header_bytes; at < segment.file_bytes;) {
    size_t read = 0;
    if (file.read_at(at, bytes_.span(), &read) != 0) return false;
    if (read == 0) return true;
    const auto here = std::span<const std::byte>(bytes_.span()).first(read);
    FrameView frame;
    const bool first = at == format::segment_header_bytes;
    if (first &&
        read_frame(here, segment.header.number, segment.header.salt, expected_, &frame) != FrameState::nothing) {
      return false;
    }
    if (next_frame_magic(here, 0) < read) return false;
    at += read;
  }
  return true;
}

// False: the log ends before this segment.
bool Recovery::replay_one(size_t at) {
  OnDisk& segment = segments_[at];
  std::unique_ptr<File> file;
  int failed = open(segment.header, &file);
  if (failed == 0 && !segment.listed && is_unused(segment, *file)) return true;
  if (failed == 0) failed = read_segment(*file, segment.file_bytes, &bytes_);
  if (failed != 0) return quarantine(segment, std::strerror(failed)), true;

  std::vector<FoundFrame> frames;  // the chain, then what was found behind its end
  const auto gather = [&](const FoundFrame& frame) { frames.push_back(frame); };
  size_t chained = 0;
  const auto gather_chain = [&](const FoundFrame& frame) { gather(frame), ++chained; };
  const ScanResult scan = scan_segment(bytes_.span(), segment.header, format::segment_header_bytes, bytes_.size(),
                                       expected_, gather_chain, gather);
  const bool unfinished = scan.broken_frame || scan.later_frames > 0;
  // Messages that the checkpoint lists live in frames that were synced before it: none to be read is damage, not a
  // commit that never finished, whatever the later frames vouch for.
  const bool was_full = chained == 0 && segment.listed && segment.listed->live > 0;
  const bool gap = expected_ != 0 && (chained == 0 ? unfinished : frames.front().view.number > expected_);
  if (gap && !was_full && !vouched_for(at, frames)) return discard_from(at), false;
  if (gap && chained > 0) blame_gap(frames.front().view.number), end_commits(true);

  const bool short_of_checkpoint = segment.listed && have_checkpoint_ && scan.expected < expected_;
  const bool vouched_here = scan.later_frames > 0 && scan.expected != 0 && scan.later_synced_through >= scan.expected;
  const bool corrupt = short_of_checkpoint || vouched_here || was_full || (gap && chained == 0);
  if (chained == 0 && !corrupt) return true;
  torn_before_ = !corrupt && unfinished;
  last_with_frames_ = at;
  segment.tally.state = SegmentTally::State::sealed;
  segment.tally.end = scan.end;
  if (corrupt) {
    quarantine(segment, "corrupt at byte " + std::to_string(scan.end) + ", frame " + std::to_string(scan.expected) +
                            " was synced and is damaged");
    segment.tally.end = bytes_.size();
  } else {
    frames.resize(chained);
  }
  accept(segment, frames, corrupt);
  return true;
}

// These frames happened: what they say, and where their messages lie.
void Recovery::accept(OnDisk& segment, const std::vector<FoundFrame>& frames, bool corrupt) {
  IndexBuilder builder;
  for (const FoundFrame& frame : frames) {
    const uint64_t number = frame.view.number;
    const bool known = have_checkpoint_ && number < checkpoint_.head.position.next_frame;
    const bool alone = frame.view.first && frame.view.last;
    if (!known && alone) end_commits(corrupt);
    index_frame(frame, !known && alone, &builder);
    if (!known && !alone) take(frame.view, corrupt);
    segment.tally.last_frame = std::max(segment.tally.last_frame, number);
    segment.frames.emplace_back(number, frame.offset);
    vouched_ = std::max(vouched_, frame.view.synced_through);
  }
  expected_ = std::max(expected_, segment.tally.last_frame + 1);
  segment.index = finish_index({segment.header.slot, segment.header.number, segment.header.generation,
                                segment.tally.end, segment.tally.last_frame},
                               std::move(builder));
  segment.indexed = true;
  segment.tally.first_sequence = segment.index.first_sequence;
}

// The records are read once for both.
void Recovery::index_frame(const FoundFrame& frame, bool apply_too, IndexBuilder* builder) {
  const uint32_t start = frame.offset + format::frame_header_bytes;
  RecordReader reader(frame.view.records);
  while (reader.next(&record_)) {
    if (record_.kind == RecordKind::message) builder->add_record(record_, start + reader.offset(), reader.length());
    if (apply_too) apply(record_);
  }
  if (!apply_too) return;
  ++report_->replayed_frames;
  if (!reader.ok()) complain_of_records(frame.view.number);
}

int Recovery::make_durable() {
  if (have_checkpoint_) vouched_ = std::max(vouched_, checkpoint_.head.position.next_frame - 1);
  for (const OnDisk& segment : segments_) {
    const auto doubtful = std::find_if(segment.frames.begin(), segment.frames.end(),
                                       [this](const auto& frame) { return frame.first > vouched_; });
    if (doubtful == segment.frames.end()) continue;
    std::unique_ptr<File> file;
    if (const int failed = open(segment.header, &file)) return failed;
    bytes_.clear();
    bytes_.extend(segment.tally.end - doubtful->second);
    size_t read = 0;
    if (const int failed = file->read_at(doubtful->second, bytes_.span(), &read)) return failed;
    if (read == 0) return EIO;
    bytes_.truncate(read);
    const bool untouchable = segment.tally.state == SegmentTally::State::quarantined;
    if (const int failed = untouchable ? 0 : file->write_at(doubtful->second, bytes_.span())) return failed;
    if (const int failed = file->sync()) return failed;
  }
  return 0;
}

// Is there a frame, here or in a later segment, that was written after the expected one had been synced?
bool Recovery::vouched_for(size_t at, const std::vector<FoundFrame>& here) {
  uint64_t vouched = 0;
  for (const FoundFrame& frame : here) vouched = std::max(vouched, frame.view.synced_through);
  ByteBuffer bytes;
  for (size_t next = at + 1; next < segments_.size() && vouched < expected_; ++next) {
    std::unique_ptr<File> file;
    if (open(segments_[next].header, &file) != 0 || read_segment(*file, SIZE_MAX, &bytes) != 0) continue;
    const auto look = [&](const FoundFrame& frame) { vouched = std::max(vouched, frame.view.synced_through); };
    scan_segment(bytes.span(), segments_[next].header, format::segment_header_bytes, bytes.size(), 0, look, look);
  }
  return vouched >= expected_;
}

// Frames up to `found` were synced and are not there.
void Recovery::blame_gap(uint64_t found) {
  if (!have_checkpoint_) return;  // recycled ones leave gaps, and no checkpoint says which
  const std::string frames = "frames " + std::to_string(expected_) + " to " + std::to_string(found - 1);
  if (torn_before_) {
    quarantine(segments_[last_with_frames_], "its tail is damaged, " + frames + " were synced and are lost");
    torn_before_ = false;
  } else {
    if (report_->missing_segments == 0) ++report_->missing_segments;
    complain(files_.where() + ": a segment is missing, " + frames + " were synced and are lost");
  }
}

// What a commit that never finished left here and behind must not be taken for a part of the log later.
void Recovery::discard_from(size_t at) {
  if (!torn_before_) {
    ++report_->torn_tails;
    complain(files_.where() + "/" + segment_name(segments_[at].header.slot) + ": an unfinished commit, cut");
    unfinished_.clear();
  }
  for (; at < segments_.size(); ++at) {
    std::unique_ptr<File> file;
    const std::array<std::byte, format::segment_header_used> blank{};
    int failed = open(segments_[at].header, &file);
    if (failed == 0) failed = file->write_at(0, blank);
    if (failed == 0) failed = file->sync();
    if (failed != 0) write_error_ = failed;
  }
}

void Recovery::take(const FrameView& frame, bool corrupt) {
  if (frame.first) end_commits(corrupt);
  ByteBuffer records;
  if (!frame.last) {
    records.append(frame.records);
    unfinished_.emplace_back(frame.number, std::move(records));
    return;
  }
  for (const auto& [number, earlier] : unfinished_) apply(earlier.span(), number);
  unfinished_.clear();
  apply(frame.records, frame.number);
}

// What is unfinished now stays so. Where frames are known to be lost, it is better served than dropped.
void Recovery::end_commits(bool corrupt) {
  for (const auto& [number, records] : unfinished_) {
    if (corrupt) apply(records.span(), number);
  }
  unfinished_.clear();
}

void Recovery::complain_of_records(uint64_t frame) {
  complain("frame " + std::to_string(frame) + ": a record that makes no sense");
}

void Recovery::apply(std::span<const std::byte> records, uint64_t frame) {
  ++report_->replayed_frames;
  RecordReader reader(records);
  while (reader.next(&record_)) apply(record_);
  if (!reader.ok()) complain_of_records(frame);
}

Change Recovery::changed(Sequence sequence) const {
  const Change* known = checkpoint_.changes.find(sequence);
  return known != nullptr ? *known : Change{};
}

void Recovery::change(Sequence sequence, const Change& to) {
  if (!checkpoint_.changes.insert(sequence, to)) *checkpoint_.changes.find(sequence) = to;
}

void Recovery::apply(const Record& record) {
  const Sequence sequence = record.sequence;
  switch (record.kind) {
    case RecordKind::message:
      for (const MessageFacts& facts : record.receivers) {
        checkpoint_.live.insert(facts.sequence);
        highest_sequence_ = std::max(highest_sequence_, facts.sequence);
      }
      break;
    case RecordKind::settle:
      settled_.insert(settled_.end(), record.runs.begin(), record.runs.end());
      break;
    case RecordKind::retry:
      change(sequence, after_retry(changed(sequence), record.due_ms, record.attempts));
      break;
    case RecordKind::dead:
      change(sequence, after_death(changed(sequence), record.attempts));
      checkpoint_.dead.put(dead_letter_of(record));
      break;
    case RecordKind::revive:
      change(sequence, after_revive(record.due_ms));
      checkpoint_.dead.erase(sequence);
      break;
    case RecordKind::note:
      if (record.value.empty()) {
        checkpoint_.notes.erase(std::string(record.name));
      } else {
        checkpoint_.notes[std::string(record.name)] = record.value;
      }
      break;
    case RecordKind::none:
      break;
  }
}

}  // namespace forebay
