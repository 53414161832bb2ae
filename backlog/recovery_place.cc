// Recovery, its last steps: where the living lie, and telling them.
#include <cstring>
#include <queue>

#include "backlog/format.h"
#include "backlog/recovery.h"

namespace forebay {

struct Recovery::Candidate {
  IndexEntry entry;
  uint32_t slot = 0;
  uint32_t number = 0;  // 0: none
};

// A segment's entries on their way into the catalog, loaded when their turn comes.
struct Recovery::Source {
  OnDisk* segment;
  IndexCursor cursor{std::span<const std::byte>()};
  IndexEntry entry;
  bool loaded = false;

  // False: there are none.
  bool load(bool readable) {
    loaded = true;
    if (!readable) return false;
    cursor = IndexCursor(segment->index.entries);
    return cursor.next(&entry);
  }
  Candidate candidate() const { return {entry, segment->header.slot, segment->header.number}; }
};

// The entries of a segment: from its index file, else from itself.
bool Recovery::load(OnDisk& segment) {
  if (segment.indexed) return true;
  const IndexHead head{segment.header.slot, segment.header.number, segment.header.generation,
                       segment.tally.end, segment.tally.last_frame};
  const bool trusted =
      segment.tally.state == SegmentTally::State::sealed && segment.file_bytes >= segment.tally.end;
  if (trusted && read_index(files_, store_.store_id, head, &segment.index)) return true;
  std::unique_ptr<File> file;
  int failed = open(segment.header, &file);
  if (failed == 0) failed = read_segment(*file, segment.tally.end, &bytes_);
  if (failed != 0) return quarantine(segment, std::strerror(failed)), false;
  IndexBuilder builder;
  const auto add = [&](const FoundFrame& frame) {
    builder.add_frame(frame.view.records, frame.offset + format::frame_header_bytes);
  };
  const ScanResult scan = scan_segment(bytes_.span(), segment.header, format::segment_header_bytes,
                                       segment.tally.end, 0, add, add);
  if (scan.end != segment.tally.end && trusted)
    quarantine(segment, "corrupt at byte " + std::to_string(scan.end));
  if (!trusted && segment.tally.state == SegmentTally::State::sealed) quarantine(segment, "it is cut short");
  segment.index = finish_index(head, std::move(builder));
  segment.indexed = true;
  return true;
}

// What is alive goes into the catalog and is told, in order of sequence.
void Recovery::place_all(const std::function<void(const RecoveredMessage&)>& recovered) {
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

// Of two copies of a sequence the later in the log is taken. Segments hardly overlap: one is open at a time.
void Recovery::merge(std::vector<Source>& sources,
                     const std::function<void(const RecoveredMessage&)>& recovered) {
  using Turn = std::pair<Sequence, size_t>;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  for (size_t i = 0; i < sources.size(); ++i) turns.emplace(sources[i].segment->tally.first_sequence, i);
  Candidate best;
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
        const Sequence sequence = source.entry.facts.sequence;
        if (best.number != 0 && best.entry.facts.sequence != sequence)
          place(best, recovered), best.number = 0;
        if (source.segment->header.number > best.number) best = source.candidate();
        more = source.cursor.next(&source.entry);
      } while (more && source.entry.facts.sequence < others);
    }
    if (more) turns.emplace(source.entry.facts.sequence, which);
    if (!more && !source.segment->indexed) source.segment->index = {};  // it is in its file
  }
  if (best.number != 0) place(best, recovered);
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

void Recovery::place(const Candidate& candidate,
                     const std::function<void(const RecoveredMessage&)>& recovered) {
  const MessageFacts& facts = candidate.entry.facts;
  if (!checkpoint_.live.contains(facts.sequence)) return;
  ++placed_;
  highest_sequence_ = std::max(highest_sequence_, facts.sequence);
  catalog_->admit(facts.sequence, make_place(candidate.slot, candidate.entry.offset, candidate.entry.length,
                                             candidate.entry.shared));
  RecoveredMessage message{.facts = facts};
  const auto changed =
      checkpoint_.changes.empty() ? checkpoint_.changes.end() : checkpoint_.changes.find(facts.sequence);
  if (changed != checkpoint_.changes.end()) {
    const Change& change = changed->second;
    message.attempts = static_cast<uint8_t>(change.attempts);
    message.dead = change.dead;
    if (change.due_set)
      message.facts.due_ms = static_cast<int64_t>(change.due_ms), message.facts.due_by_wall = false;
    if (change.dead) {
      DeadLetter& letter = checkpoint_.dead[facts.sequence];
      letter.sequence = facts.sequence;
      catalog_->dead(letter);
    } else {
      catalog_->retry(facts.sequence, message.facts.due_ms, message.attempts);
    }
  }
  const auto attempt = attempts_->empty() ? attempts_->end() : attempts_->find(facts.sequence);
  if (attempt != attempts_->end() && !message.dead && attempt->second > message.attempts) {
    message.attempts = attempt->second;
    message.crashed_in_flight = true;
    log_->crashed.emplace(facts.sequence, message.attempts);
  }
  if (recovered) recovered(message);
}

}  // namespace forebay
