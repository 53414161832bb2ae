#include "backlog/upkeep.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "backlog/format.h"
#include "backlog/segment.h"
#include "backlog/whole_file.h"

namespace forebay {
namespace {

constexpr Duration pause_after_error = Duration::seconds(1);

}  // namespace

Upkeep::Upkeep(Files& files, Clock& clock, const Options& options, Catalog& catalog, SegmentPool& pool,
               BodyReader& bodies, TaskLine& helper, Inbox& inbox, const Sequence& next_sequence,
               const Sequence& kept_end, Broken broken)
    : files_(files),
      clock_(clock),
      options_(options),
      catalog_(catalog),
      pool_(pool),
      bodies_(bodies),
      helper_(helper),
      inbox_(inbox),
      next_sequence_(next_sequence),
      kept_end_(kept_end),
      broken_(std::move(broken)),
      compaction_(files, helper, inbox, catalog) {}

void Upkeep::start(RecoveredLog& log, bool clean) {
  position_ = {0, log.last_number, 0, log.next_frame};
  checkpoint_generation_ = log.checkpoint_generation;
  for (int which = 0; which < 2; ++which) checkpointed_frames_[which] = log.checkpointed_frames[which];
  checkpoint_due_ = !clean;
  for (SegmentIndex& index : log.unwritten) {
    const uint32_t slot = index.head.slot;
    const auto shared = std::make_shared<SegmentIndex>(std::move(index));
    write_index_of(slot, [shared] { return std::move(*shared); });
  }
  log.unwritten.clear();
  recycle();
  prepare_spares(clock_.now().steady);
}

void Upkeep::committed(CommitResult& result) {
  position_ = result.position;
  if (!result.groups.empty()) committed_batch_ = result.groups.back()->batch;
  if (!result.changes_waiting) write_waiting_checkpoint();
  new_bytes_ += result.frame_bytes;
  for (const auto& [slot, count] : result.settled) {
    SegmentTally& tally = catalog_.segment(slot);
    assert(tally.unsynced_settles >= count);
    tally.unsynced_settles -= count;
    const bool died = tally.unsynced_settles == 0 && tally.live == 0;
    if (died && tally.state == SegmentTally::State::sealed) new_bytes_ += tally.end;
  }
  for (const SegmentHeader& header : result.opened) {
    SegmentTally& tally = catalog_.segment(header.slot);
    assert(tally.state == SegmentTally::State::none);
    tally.state = SegmentTally::State::open;
    tally.number = header.number;
    tally.generation = header.generation;
  }
  for (SealedSegment& sealed : result.sealed) {
    SegmentTally& tally = catalog_.segment(sealed.head.slot);
    assert(tally.state == SegmentTally::State::open && tally.number == sealed.head.number);
    tally.state = SegmentTally::State::sealed;
    tally.end = sealed.head.end;
    tally.last_frame = sealed.head.last_frame;
    tally.first_sequence = sealed.index.lowest_sequence();
    if (tally.live == 0) new_bytes_ += tally.end;
    const auto shared = std::make_shared<SealedSegment>(std::move(sealed));
    write_index_of(shared->head.slot, [shared] { return finish_index(shared->head, std::move(shared->index)); });
  }
}

// Sorting the entries of a segment with copies in it is the helper's, too.
void Upkeep::write_index_of(uint32_t slot, std::function<SegmentIndex()> make) {
  index_bytes_[slot] = 0;
  helper_.post([this, slot, make = std::move(make)] {
    const SegmentIndex index = make();
    // A lost index costs a longer start, nothing else: errors are not errors here.
    if (write_index(files_, options_.store_id, index) != 0) files_.remove(index_name(slot));
    inbox_.post([this, slot, bytes = index.entries.size() + 1] {
      index_bytes_[slot] = bytes;
      count_other_bytes();
    });
  });
}

bool Upkeep::run(Group& group, Instant now) {
  prepare_spares(now);
  new_bytes_ += compaction_.take_emptied_bytes();
  const bool is_short = space_short();
  if (is_short && !checkpointing_) recycle();
  checkpoint_if_due(group, now);
  compaction_.choose(now, is_short);
  return compaction_.copy_some(group, now, is_short);
}

Instant Upkeep::next_run(Instant now) const {
  Instant next = Instant::never();
  if (!preparing_ && prepare_from_ > now && pool_.wants_spare()) next = prepare_from_;
  if (!checkpointing_ && checkpoint_from_ > now && checkpoint_is_due()) next = std::min(next, checkpoint_from_);
  if (compaction_.paused_until() > now && space_short()) next = std::min(next, compaction_.paused_until());
  return next;
}

void Upkeep::prepare_spares(Instant now) {
  if (preparing_ || now < prepare_from_ || !pool_.wants_spare()) return;
  preparing_ = true;
  helper_.post([this] {
    const int error = pool_.prepare();
    inbox_.post([this, error] {
      preparing_ = false;
      if (const std::string failure = pool_.sync_failure(); !failure.empty()) return broken_(failure);
      const Instant then = clock_.now().steady;
      if (error != 0) prepare_from_ = then + pause_after_error;
      disk_full_ = error == ENOSPC || error == EDQUOT;
      prepare_spares(then);
    });
  });
}

uint64_t Upkeep::open_left() const {
  return position_.slot == 0 || position_.offset == 0 ? 0 : options_.segment_bytes - position_.offset;
}

uint64_t Upkeep::room() const {
  const uint64_t left = open_left();
  return pool_.room() + (left > 4096 ? left - 4096 : 0);
}

bool Upkeep::space_short() const {
  return disk_full_ || room() < 2 * options_.segment_bytes;
}

CheckpointHead Upkeep::next_head(bool clean) const {
  return {checkpoint_generation_ + 1, clean, clock_.now().wall.ms(), next_sequence_, position_, kept_end_};
}

bool Upkeep::checkpoint_is_due() const {
  if (checkpoint_due_ || new_bytes_ >= options_.checkpoint_bytes) return true;
  if (!space_short()) return false;
  const uint64_t covered = std::min(checkpointed_frames_[0], checkpointed_frames_[1]);
  return std::ranges::any_of(catalog_.segments(), [&](const SegmentTally& tally) {
    return tally.state == SegmentTally::State::sealed && tally.live == 0 && tally.unsynced_settles == 0 &&
           tally.last_frame >= covered;
  });
}

void Upkeep::checkpoint_if_due(const Group& group, Instant now) {
  if (checkpointing_ || now < checkpoint_from_ || !checkpoint_is_due()) return;
  checkpointing_ = true;
  checkpoint_due_ = false;
  new_bytes_ = 0;
  picture_ = std::make_unique<const Catalog>(catalog_);
  waiting_ = Waiting{next_head(false), group.empty() ? group.batch - 1 : group.batch};
  write_waiting_checkpoint();
}

void Upkeep::write_waiting_checkpoint() {
  if (!waiting_ || committed_batch_ < waiting_->batch) return;
  // The helper borrows the picture: the last reference to a block must go on the loop thread.
  helper_.post([this, head = waiting_->head, picture = picture_.get(), dead = dead_segments()] {
    ByteBuffer bytes = encode_checkpoint(options_.store_id, head, *picture);
    const Written written = write_checkpoint(head, bytes, dead);
    inbox_.post([this, head, written] { checkpoint_written(head, written); });
  });
  waiting_.reset();
}

std::vector<uint32_t> Upkeep::dead_segments() const {
  std::vector<uint32_t> dead;
  for (uint32_t slot = 0; slot < catalog_.segments().size(); ++slot) {
    const SegmentTally& tally = catalog_.segments()[slot];
    if (tally.state == SegmentTally::State::sealed && tally.live == 0) dead.push_back(slot);
  }
  return dead;
}

// On a full disk nothing could ever be recycled again, were there no room for the checkpoint that allows it:
// index files of dead segments go first, then free files and spares.
Upkeep::Written Upkeep::write_checkpoint(const CheckpointHead& head, ByteBuffer& bytes,
                                         const std::vector<uint32_t>& dead) {
  Written written{.bytes = bytes.size()};
  const size_t content = bytes.size();
  const std::string_view name = format::checkpoint_names[(head.generation + 1) % 2];
  for (int tries = 0; tries < 3; ++tries) {
    bytes.truncate(content);
    written.error = replace_whole(files_, name, bytes, &written.sync_failed);
    if (written.error != ENOSPC || written.sync_failed) break;
    if (tries == 0) {
      for (const uint32_t slot : dead) files_.remove(index_name(slot));
    } else if (!pool_.give_up_spare()) {
      break;
    }
  }
  return written;
}

void Upkeep::checkpoint_written(const CheckpointHead& head, const Written& written) {
  checkpointing_ = false;
  picture_.reset();
  if (written.sync_failed) return broken_(std::string("syncing a checkpoint: ") + std::strerror(written.error));
  if (written.error != 0) {
    checkpoint_due_ = true;
    checkpoint_from_ = clock_.now().steady + pause_after_error;
    return;
  }
  checkpoint_generation_ = head.generation;
  checkpointed_frames_[(head.generation + 1) % 2] = head.position.next_frame;
  checkpoint_file_bytes_ = written.bytes;
  count_other_bytes();
  recycle();
}

int Upkeep::checkpoint_now(bool clean) {
  const CheckpointHead head = next_head(clean);
  ByteBuffer bytes = encode_checkpoint(options_.store_id, head, catalog_);
  const Written written = write_checkpoint(head, bytes, dead_segments());
  checkpoint_written(head, written);
  return written.error;
}

bool Upkeep::recyclable(uint32_t slot, const SegmentTally& tally) const {
  const uint64_t covered = std::min(checkpointed_frames_[0], checkpointed_frames_[1]);
  if (tally.state != SegmentTally::State::sealed || tally.live != 0 || tally.unsynced_settles != 0) return false;
  if (tally.pins != 0 || tally.last_frame >= covered) return false;
  const auto index = index_bytes_.find(slot);
  return index == index_bytes_.end() || index->second != 0;
}

void Upkeep::recycle() {
  uint64_t held_back = 0;
  for (uint32_t slot = 0; slot < catalog_.segments().size(); ++slot) {
    SegmentTally& tally = catalog_.segment(slot);
    if (!recyclable(slot, tally)) {
      held_back += tally.state == SegmentTally::State::sealed && tally.live == 0;
      continue;
    }
    pool_.recycle({slot, tally.generation});
    tally = {};
    index_bytes_.erase(slot);
    bodies_.forget(slot);
  }
  trim(held_back);
}

// A burst that has drained leaves files behind; what checkpoints hold back in the usual course may stay.
void Upkeep::trim(uint64_t held_back) {
  const uint64_t usual = 2 * options_.checkpoint_bytes / options_.segment_bytes + 2;
  const uint64_t keep = usual > held_back ? usual - held_back : 0;
  if (trimming_ || pool_.free_slots() <= keep) return;
  trimming_ = true;
  helper_.post([this, keep] {
    const auto gone = pool_.trim(keep);
    inbox_.post([this, gone] {
      trimming_ = false;
      for (const uint32_t slot : gone) bodies_.forget_file(slot);
    });
  });
}

void Upkeep::count_other_bytes() {
  uint64_t bytes = 3 * checkpoint_file_bytes_ + 128 * 1024;
  for (const auto& [slot, index] : index_bytes_) bytes += index;
  pool_.set_other_bytes(bytes);
}

}  // namespace forebay
