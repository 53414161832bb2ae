#include "backlog/catalog.h"

#include <cassert>
#include <utility>

namespace forebay {

SegmentTally& Catalog::segment(uint32_t slot) {
  if (slot >= segments_.size()) segments_.resize(slot + 1);
  return segments_[slot];
}

void Catalog::count(const Place& place, int sign) {
  SegmentTally& tally = segment(place.slot);
  const uint64_t bytes = place.shared() ? 0 : place.length();
  assert(sign > 0 || (tally.live > 0 && tally.live_bytes >= bytes));
  tally.live += static_cast<uint64_t>(sign);
  tally.live_bytes += bytes * static_cast<uint64_t>(sign);
  live_bytes_ += bytes * static_cast<uint64_t>(sign);
}

void Catalog::admit(Sequence sequence, const Place& place) {
  const bool inserted = places_.insert(sequence, place);
  assert(inserted);
  if (inserted) count(place, +1);
}

void Catalog::admit(std::span<const Placed> rising) {
  places_.insert_rising(
      rising.size(), [&](size_t i) { return rising[i].sequence; }, [&](size_t i) { return rising[i].place; });
  for (const Placed& placed : rising) count(placed.place, +1);
}

std::optional<uint32_t> Catalog::settle(Sequence sequence) {
  const Place* found = std::as_const(places_).find(sequence);
  if (!found) return std::nullopt;
  const uint32_t slot = found->slot;
  count(*found, -1);
  places_.erase(sequence);
  if (changes_.erase(sequence)) dead_.erase(sequence);
  return slot;
}

bool Catalog::relocate(Sequence sequence, uint32_t from_slot, uint32_t from_offset, const Place& to) {
  const Place* found = place(sequence);
  if (!found || found->slot != from_slot || found->offset != from_offset) return false;
  count(*found, -1);
  *places_.find(sequence) = to;
  count(to, +1);
  return true;
}

Change& Catalog::change_of(Sequence sequence) {
  changes_.insert(sequence, Change{});
  return *changes_.find(sequence);
}

void Catalog::retry(Sequence sequence, int64_t due_ms, uint8_t attempts) {
  if (!places_.contains(sequence)) return;
  Change& change = change_of(sequence);
  change = after_retry(change, due_ms, attempts);
}

void Catalog::dead(const DeadLetter& letter) {
  if (!places_.contains(letter.sequence)) return;
  Change& change = change_of(letter.sequence);
  change = after_death(change, letter.attempts);
  dead_.put(letter);
}

void Catalog::revive(Sequence sequence, int64_t due_ms) {
  if (!places_.contains(sequence)) return;
  change_of(sequence) = after_revive(due_ms);
  dead_.erase(sequence);
}

void Catalog::adopt(SequenceTable<Change> changes, DeadLetters dead) {
  changes_ = std::move(changes);
  dead_ = std::move(dead);
}

void Catalog::forget_changes_of_the_absent() {
  std::vector<Sequence> absent;
  std::as_const(changes_).for_each([&](Sequence sequence, const Change&) {
    if (!places_.contains(sequence)) absent.push_back(sequence);
  });
  for (const Sequence sequence : absent) changes_.erase(sequence), dead_.erase(sequence);
}

void Catalog::note(std::string_view name, std::string_view value) {
  if (value.empty()) {
    const auto at = notes_.find(name);
    if (at != notes_.end()) notes_.erase(at);
  } else {
    notes_.insert_or_assign(std::string(name), std::string(value));
  }
}

}  // namespace forebay
