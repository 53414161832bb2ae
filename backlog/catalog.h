// Catalog: what the journal knows in memory. Where each waiting message lies (12 bytes each), what changed
// about a few of them, the dead letters, the notes, and how full of life each segment is. The loop thread's.
//
// A settle takes effect here at once, its record reaches the disk with its group; until then its segment
// counts an unsynced settle and is not recycled.
// A copy is a picture of this moment for a checkpoint: a few microseconds a million messages, see
// SequenceTable.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/dead_letters.h"
#include "backlog/segment_pool.h"
#include "backlog/sequence_table.h"

namespace forebay {

// Where a message record lies.
struct Place {
  static constexpr uint32_t shared_bit = 1u << 31;
  uint32_t slot = 0;
  uint32_t offset = 0;
  uint32_t length_and_shared = 0;
  uint32_t length() const { return length_and_shared & ~shared_bit; }
  bool shared() const { return (length_and_shared & shared_bit) != 0; }  // its bytes are counted elsewhere
};
static_assert(sizeof(Place) == 12);

inline Place make_place(uint32_t slot, uint32_t offset, uint32_t length, bool shared) {
  return {slot, offset, length | (shared ? Place::shared_bit : 0)};
}

// What became of a message since it was accepted.
struct Change {
  uint64_t due_ms : 47 = 0;
  uint64_t due_set : 1 = 0;
  uint64_t dead : 1 = 0;
  uint64_t revived : 1 = 0;  // it was a dead letter once: its ttl does not count any more
  uint64_t attempts : 8 = 0;
};
static_assert(sizeof(Change) == 8);

// What is left of `before` once a retry is recorded, or that the message is dead (again).
inline Change after_retry(const Change& before, int64_t due_ms, uint8_t attempts) {
  return {.due_ms = static_cast<uint64_t>(due_ms), .due_set = 1, .revived = before.revived, .attempts = attempts};
}
inline Change after_death(const Change& before, uint8_t attempts) {
  return {.dead = 1, .revived = before.revived, .attempts = attempts};
}
inline Change after_revive(int64_t due_ms) {
  return {.due_ms = static_cast<uint64_t>(due_ms), .due_set = 1, .revived = 1};
}

struct SegmentTally {
  enum class State : uint8_t { none, open, sealed, quarantined };
  State state = State::none;
  uint32_t number = 0, generation = 0;
  uint64_t end = 0, last_frame = 0;  // of a sealed one
  Sequence first_sequence = 0;       // the lowest in it
  uint64_t live = 0, live_bytes = 0;
  uint32_t unsynced_settles = 0;
  uint32_t pins = 0;  // reads under way
};

using Notes = std::map<std::string, std::string, std::less<>>;

class Catalog {
 public:
  // -- messages --
  struct Placed {
    Sequence sequence = 0;
    Place place;
  };
  void admit(Sequence sequence, const Place& place);  // an unknown sequence
  void admit(std::span<const Placed> rising);         // many of them
  const Place* place(Sequence sequence) const { return places_.find(sequence); }
  // Forgets it; the slot it lay in. nullopt: it was not known.
  std::optional<uint32_t> settle(Sequence sequence);
  // False: it does not lie at `from` any more.
  bool relocate(Sequence sequence, uint32_t from_slot, uint32_t from_offset, const Place& to);
  void retry(Sequence sequence, int64_t due_ms, uint8_t attempts);
  void dead(const DeadLetter& letter);
  void revive(Sequence sequence, int64_t due_ms);
  const Change* change(Sequence sequence) const { return changes_.find(sequence); }
  const DeadLetter* dead_letter(Sequence sequence) const { return dead_.find(sequence); }
  // At start: what is known to have changed, of messages that may turn out not to be there …
  void adopt(SequenceTable<Change> changes, DeadLetters dead);
  // … and once all have been admitted.
  void forget_changes_of_the_absent();

  void note(std::string_view name, std::string_view value);
  const Notes& notes() const { return notes_; }

  const SequenceTable<Place>& places() const { return places_; }
  const SequenceTable<Change>& changes() const { return changes_; }
  const DeadLetters& dead_letters() const { return dead_; }

  // -- segments, by slot --
  SegmentTally& segment(uint32_t slot);
  std::vector<SegmentTally>& segments() { return segments_; }
  const std::vector<SegmentTally>& segments() const { return segments_; }

  uint64_t live_bytes() const { return live_bytes_; }
  size_t memory_bytes() const { return places_.memory_bytes() + changes_.memory_bytes(); }

 private:
  void count(const Place& place, int sign);
  Change& change_of(Sequence sequence);

  SequenceTable<Place> places_;
  SequenceTable<Change> changes_;
  DeadLetters dead_;
  Notes notes_;
  std::vector<SegmentTally> segments_;
  uint64_t live_bytes_ = 0;
};

}  // namespace forebay
