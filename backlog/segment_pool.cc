#include "backlog/segment_pool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {

SegmentPool::SegmentPool(Files& files, const Options& options, uint32_t next_slot, uint32_t next_number,
                         uint32_t last_number, size_t files_now)
    : files_(files),
      options_(options),
      next_slot_(next_slot),
      next_number_(next_number),
      previous_number_(last_number),
      file_count_(files_now) {}

int SegmentPool::take(SegmentUse use, FreshSegment* fresh) {
  const size_t left_alone = use == SegmentUse::messages ? reserve : use == SegmentUse::copies ? 1 : 0;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (spares_.size() > left_alone) {
        *fresh = std::move(spares_.front());
        spares_.pop_front();
        last_taken_ = fresh->header.number;
        return 0;
      }
    }
    if (const int error = make(false)) return error;
  }
}

void SegmentPool::recycle(FreeSlot slot) {
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
}

bool SegmentPool::wants_spare() const {
  const std::lock_guard lock(mutex_);
  return spares_.size() < spares_ahead && (!free_.empty() || creatable() > 0);
}

int SegmentPool::prepare() {
  return wants_spare() ? make(true) : 0;
}

size_t SegmentPool::creatable() const {
  const uint64_t used = file_count_ * options_.segment_bytes + other_bytes_ + spends_bytes_;
  return used >= options_.max_bytes ? 0 : (options_.max_bytes - used) / options_.segment_bytes;
}

int SegmentPool::make(bool zeroed) {
  FreeSlot slot;
  bool fresh = false;
  {
    const std::lock_guard lock(mutex_);
    if (!sync_failure_.empty()) return EIO;
    fresh = free_.empty();
    if (fresh && creatable() == 0) return ENOSPC;
    if (fresh) {
      slot.slot = next_slot_++;
      ++file_count_;
    } else {
      slot = free_.front();
      free_.pop_front();
    }
  }
  std::shared_ptr<File> file;
  int error = open_slot(fresh, slot, zeroed, &file);
  if (error == 0) error = head(fresh, slot, file);
  if (error == 0) return 0;
  file.reset();
  if (fresh) files_.remove(segment_name(slot.slot));
  const std::lock_guard lock(mutex_);
  if (fresh) --file_count_;
  if (!fresh) free_.push_front(slot);
  return error;
}

int SegmentPool::open_slot(bool fresh, const FreeSlot& slot, bool zeroed, std::shared_ptr<File>* file) {
  std::unique_ptr<File> opened;
  const auto mode = fresh ? Files::Mode::create_new : Files::Mode::open_existing;
  if (const int error = files_.open(segment_name(slot.slot), mode, &opened)) return error;
  *file = std::move(opened);
  uint64_t size = 0;
  if (const int error = (*file)->size(&size)) return error;
  if (size > options_.segment_bytes) {  // from before the configured size was lowered
    if (const int error = (*file)->truncate(options_.segment_bytes)) return error;
  }
  if (const int error = (*file)->allocate(options_.segment_bytes)) return error;
  return fresh && zeroed ? fill_with_zeroes(**file) : 0;
}

int SegmentPool::fill_with_zeroes(File& file) {
  static const std::array<std::byte, 256 * 1024> zeroes{};
  for (uint64_t at = 0; at < options_.segment_bytes; at += zeroes.size()) {
    const uint64_t bytes = std::min<uint64_t>(zeroes.size(), options_.segment_bytes - at);
    if (const int error = file.write_at(at, std::span(zeroes).first(bytes))) return error;
  }
  const int error = file.sync();
  return error == 0 ? 0 : sync_failed("zero-filling a segment", error);
}

int SegmentPool::head(bool fresh, const FreeSlot& slot, std::shared_ptr<File> file) {
  SegmentHeader header{.store_id = options_.store_id,
                       .slot = slot.slot,
                       .generation = slot.generation + 1,
                       .file_bytes = options_.segment_bytes};
  {
    const std::lock_guard lock(mutex_);
    header.number = next_number_++;
    header.previous = previous_number_;
  }
  header.salt = salt_of(header.number, header.generation);
  if (const int error = write_segment_header(*file, header)) return error;
  if (const int error = file->sync()) return sync_failed("heading " + segment_name(slot.slot), error);
  if (fresh) {
    if (const int error = files_.sync_directory()) return sync_failed("naming " + segment_name(slot.slot), error);
  }
  const std::lock_guard lock(mutex_);
  if (header.number < last_taken_) {  // overtaken: the log is past this number already
    free_.push_front({header.slot, header.generation});
    return 0;
  }
  const auto at = std::ranges::find_if(spares_, [&](const auto& s) { return s.header.number > header.number; });
  spares_.insert(at, {header, std::move(file)});
  previous_number_ = spares_.back().header.number;
  return 0;
}

int SegmentPool::sync_failed(const std::string& what, int error) {
  const std::lock_guard lock(mutex_);
  if (sync_failure_.empty()) sync_failure_ = what + ": " + std::strerror(error);
  return error;
}

uint64_t SegmentPool::salt_of(uint32_t number, uint32_t generation) const {
  ByteBuffer bytes;
  bytes.append(std::as_bytes(std::span(options_.key)));
  bytes.u32(number);
  bytes.u32(generation);
  return checksum(bytes.span());
}

std::vector<uint32_t> SegmentPool::trim(size_t keep) {
  std::vector<uint32_t> gone;
  {
    const std::lock_guard lock(mutex_);
    while (free_.size() > keep) {
      gone.push_back(free_.back().slot);
      free_.pop_back();
    }
  }
  for (const uint32_t slot : gone) {
    files_.remove(index_name(slot));
    files_.remove(segment_name(slot));
  }
  const std::lock_guard lock(mutex_);
  file_count_ -= gone.size();
  return gone;
}

bool SegmentPool::give_up_spare() {
  if (!trim(0).empty()) return true;
  uint32_t slot = 0;
  {
    const std::lock_guard lock(mutex_);
    if (spares_.empty()) return false;
    slot = spares_.back().header.slot;
    previous_number_ = spares_.back().header.previous;
    spares_.pop_back();
    --file_count_;
  }
  files_.remove(segment_name(slot));
  return true;
}

uint64_t SegmentPool::usable_per_segment() const {
  return options_.segment_bytes - format::segment_header_bytes - format::frame_bytes(0);
}

uint64_t SegmentPool::room() const {
  const std::lock_guard lock(mutex_);
  const size_t segments = spares_.size() + free_.size() + creatable();
  return segments <= reserve ? 0 : (segments - reserve) * usable_per_segment();
}

uint64_t SegmentPool::free_bytes() const {
  const std::lock_guard lock(mutex_);
  return (spares_.size() + free_.size()) * options_.segment_bytes;
}

size_t SegmentPool::free_slots() const {
  const std::lock_guard lock(mutex_);
  return free_.size();
}

uint64_t SegmentPool::file_count() const {
  const std::lock_guard lock(mutex_);
  return file_count_;
}

std::string SegmentPool::sync_failure() const {
  const std::lock_guard lock(mutex_);
  return sync_failure_;
}

}  // namespace forebay
