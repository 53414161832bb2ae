// Recovery, its last steps: where the living lie, and telling them.
#include <algorithm>
#include <cstring>
#include <queue>

#include "backlog/format.h"
#include "backlog/recovery.h"

namespace forebay {

// A segment's entries on their way into the catalog, loaded when their turn comes.
struct Recovery::Source {
  OnDisk* segment;
  IndexCursor cursor{std::span<const std::byte>()};
  bool loaded = false;

  // False: there are none.
  bool load(bool readable) {
    loaded = true;
    if (!readable) return false;
    cursor = IndexCursor(segment->index.entries);
    return cursor.next();
  }
};

// The entries of a segment: from its index file, else from itself.
bool Recovery::load(OnDisk& segment) {
  if (segment.indexed) return true;
  const IndexHead head{segment.header.slot, segment.header.number, segment.header.generation, segment.tally.end,
                       segment.tally.last_frame};
  const bool trusted = segment.tally.state == SegmentTally::State::sealed && segment.file_bytes >= segment.tally.end;
  if (trusted && read_index(files_, store_.store_id, head, &segment.index)) return true;
  std::unique_ptr<File> file;
  int failed = open(segment.header, &file);
  if (failed == 0) failed = read_segment(*file, segment.tally.end, &bytes_);
  if (failed != 0) return quarantine(segment, std::strerror(failed)), false;
  IndexBuilder builder;
  const auto add = [&](const FoundFrame& frame) {
    builder.add_frame(frame.view.records, frame.offset + format::frame_header_bytes);
  };
  const ScanResult scan =
      scan_segment(bytes_.span(), segment.header, format::segment_header_bytes, segment.tally.end, 0, add, add);
  if (scan.end != segment.tally.end && trusted) quarantine(segment, "corrupt at byte " + std::to_string(scan.end));
  if (!trusted && segment.tally.state == SegmentTally::State::sealed) quarantine(segment, "it is cut short");
  segment.index = finish_index(head, std::move(builder));
  segment.indexed = true;
  return true;
}

// What is alive goes into the catalog and is told, in order of sequence.
void Recovery::place_all(const Recovered& recovered) {
  catalog_->adopt(std::move(checkpoint_.changes), std::move(checkpoint_.dead));
  std::vector<Source> sources;
  for (OnDisk& segment : segments_) {
    if (segment.listed && segment.listed->state == SegmentTally::State::quarantined) {
      ++report_->quarantined_segments;
      complain(files_.where() + "/" + segment_name(segment.header.slot) + ": in quarantine");
    }
    const bool empty = segment.listed && !segment.indexed && segment.listed->live == 0;
    if (!empty) sources.push_back({&segment});
  }
  merge(sources, recovered);
  catalog_->forget_changes_of_the_absent();
  tell_of_the_lost();
  for (OnDisk& segment : segments_) {
    SegmentTally& tally = catalog_->segment(segment.header.slot);
    segment.tally.live = tally.live;
    segment.tally.live_bytes = tally.live_bytes;
    tally = segment.tally;
    if (segment.indexed && tally.state == SegmentTally::State::sealed) {
      log_->unwritten.push_back(std::move(segment.index));
    }
  }
}

// Segments hardly overlap: mostly one is open at a time, and read to its end.
void Recovery::merge(std::vector<Source>& sources, const Recovered& recovered) {
  using Turn = std::pair<Sequence, size_t>;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  for (size_t i = 0; i < sources.size(); ++i) turns.emplace(sources[i].segment->tally.first_sequence, i);
  while (!turns.empty()) {
    const size_t which = turns.top().second;
    Source& source = sources[which];
    turns.pop();
    bool more = false;
    if (!source.loaded) {
      more = source.load(load(*source.segment));
    } else {
      const Sequence others = turns.empty() ? UINT64_MAX : turns.top().first;
      do {
        place(source.segment->header, source.cursor.entry(), recovered);
        more = source.cursor.next();
      } while (more && source.cursor.entry().facts.sequence < others);
    }
    if (more) turns.emplace(source.cursor.entry().facts.sequence, which);
    if (!more && !source.segment->indexed) source.segment->index = {};  // it is in its file
  }
  hand_over_block(recovered);
}

void Recovery::tell_of_the_lost() {
  report_->lost_messages = checkpoint_.live.size() - placed_;
  if (report_->lost_messages == 0) return;
  report_->missing_segments += missing_.size();
  complain(files_.where() + ": " + std::to_string(report_->lost_messages) +
           " waiting messages are nowhere to be found");
  for (const uint32_t number : missing_) {
    complain(files_.where() + ": segment number " + std::to_string(number) + " is missing");
  }
}

// Called with rising sequences. Of two copies of one the later in the log is taken.
void Recovery::place(const SegmentHeader& segment, const IndexEntry& entry, const Recovered& recovered) {
  const Sequence sequence = entry.facts.sequence;
  const uint64_t number = sequence / SequenceSet::sequences_per_block;
  if (number != placing_.number) {
    hand_over_block(recovered);
    placing_.number = number;
    placing_.live = checkpoint_.live.find(sequence);
  }
  const bool again = sequence == placing_.last;
  if (again && segment.number <= placing_.last_segment) return;
  placing_.last = sequence;
  placing_.last_segment = segment.number;
  if (!placing_.live || !SequenceSet::contains(*placing_.live, sequence)) return;
  if (again) placing_.places.pop_back(), placing_.messages.pop_back();
  placing_.places.push_back({sequence, make_place(segment.slot, entry.offset, entry.length, entry.shared)});
  placing_.messages.push_back({.facts = entry.facts});
}

void Recovery::hand_over_block(const Recovered& recovered) {
  if (placing_.places.empty()) return;
  placed_ += placing_.places.size();
  highest_sequence_ = std::max(highest_sequence_, placing_.places.back().sequence);
  catalog_->admit(placing_.places);
  apply_changes(placing_.messages);
  apply_attempts(placing_.messages);
  if (recovered) recovered(placing_.messages);
  placing_.places.clear();
  placing_.messages.clear();
}

// What happened to them since they were accepted.
void Recovery::apply_changes(std::span<RecoveredMessage> block) {
  const Sequence changed = catalog_->changes().next(block.front().facts.sequence);
  if (changed == 0 || changed > block.back().facts.sequence) return;
  for (RecoveredMessage& message : block) {
    const Change* change = catalog_->change(message.facts.sequence);
    if (!change) continue;
    message.attempts = static_cast<uint8_t>(change->attempts);
    message.dead = change->dead;
    message.revived = change->revived;
    if (change->revived) message.facts.expires_ms = 0;
    if (!change->due_set) continue;
    message.facts.due_ms = static_cast<int64_t>(change->due_ms);
    message.facts.due_by_wall = message.facts.held = false;
  }
}

// Attempts that were under way. There are few: they are looked for among the messages, not the other way
// round.
void Recovery::apply_attempts(std::span<RecoveredMessage> block) {
  auto attempt = attempts_.lower_bound(block.front().facts.sequence);
  for (; attempt != attempts_.end() && attempt->first <= block.back().facts.sequence; ++attempt) {
    const auto message =
        std::ranges::lower_bound(block, attempt->first, {}, [](const RecoveredMessage& m) { return m.facts.sequence; });
    if (message->facts.sequence != attempt->first || message->dead || attempt->second <= message->attempts) continue;
    message->attempts = attempt->second;
    message->crashed_in_flight = true;
    log_->crashed.emplace(attempt->first, attempt->second);
  }
}

}  // namespace forebay
