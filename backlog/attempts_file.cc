#include "backlog/attempts_file.h"

#include <algorithm>
#include <cassert>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {
namespace {

constexpr size_t slot_bytes = format::attempt_slot_bytes;
constexpr uint32_t mark_slot = 0;

uint32_t slot_checksum(const std::byte* slot) {
  return static_cast<uint32_t>(checksum({slot, slot_bytes - 4}));
}

}  // namespace

int AttemptsFile::open(Files& files, LeftOver* left_over) {
  if (const int error = files.open(format::attempts_name, Files::Mode::open_or_create, &file_)) return error;
  uint64_t size = 0;
  if (const int error = file_->size(&size)) return error;
  ByteBuffer bytes;
  bytes.extend(size);
  size_t read = 0;
  if (const int error = file_->read_at(0, bytes.span(), &read)) return error;
  for (size_t at = 0; at + slot_bytes <= read; at += slot_bytes) {
    Decoder in({bytes.data() + at, slot_bytes});
    const Sequence sequence = in.u64();
    const uint8_t attempt = in.u8();
    in.take(3);
    if (sequence == 0 || in.u32() != slot_checksum(bytes.data() + at)) continue;
    if (sequence == format::at_work_mark) {
      left_over->at_work = true;
    } else {
      left_over->attempts[sequence] = attempt;
    }
  }
  return 0;
}

int AttemptsFile::restart(const std::unordered_map<Sequence, uint8_t>& kept) {
  slots_.extend(slot_bytes);
  set(mark_slot, format::at_work_mark, 1);
  for (const auto& [sequence, attempt] : kept) begun(sequence, attempt);
  if (const int error = write()) return error;
  if (const int error = file_->truncate(slots_.size())) return error;
  return file_->sync();
}

int AttemptsFile::stopped() {
  if (!over_.empty()) committed(over_.back().first);
  set(mark_slot, 0, 0);
  const int error = write();
  return error == 0 ? file_->sync() : error;
}

void AttemptsFile::begun(Sequence sequence, uint8_t attempt) {
  auto [at, inserted] = places_.try_emplace(sequence);
  if (inserted && free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size() / slot_bytes));
    slots_.extend(slot_bytes);
  }
  if (inserted) {
    at->second.slot = free_.back();
    free_.pop_back();
  }
  at->second.over_in = 0;
  set(at->second.slot, sequence, attempt);
}

void AttemptsFile::over(Sequence sequence, uint64_t batch) {
  const auto at = places_.find(sequence);
  if (at == places_.end()) return;
  at->second.over_in = batch;
  over_.emplace_back(batch, sequence);
}

void AttemptsFile::left_empty(uint64_t batch) {
  for (auto it = over_.rbegin(); it != over_.rend() && it->first == batch; ++it) {
    const auto at = places_.find(it->second);
    if (at != places_.end() && at->second.over_in == batch) at->second.over_in = batch - 1;
    it->first = batch - 1;
  }
  committed(committed_);
}

void AttemptsFile::committed(uint64_t batch) {
  committed_ = batch;
  for (; !over_.empty() && over_.front().first <= batch; over_.pop_front()) {
    const auto at = places_.find(over_.front().second);
    if (at == places_.end() || at->second.over_in != over_.front().first) continue;  // it began anew meanwhile
    set(at->second.slot, 0, 0);
    free_.push_back(at->second.slot);
    places_.erase(at);
  }
}

void AttemptsFile::set(uint32_t slot, Sequence sequence, uint8_t attempt) {
  std::byte* bytes = slots_.data() + slot * slot_bytes;
  std::memset(bytes, 0, slot_bytes);
  std::memcpy(bytes, &sequence, sizeof sequence);
  bytes[8] = std::byte{attempt};
  const uint32_t sum = slot_checksum(bytes);
  std::memcpy(bytes + slot_bytes - 4, &sum, sizeof sum);
  const size_t begin = slot * slot_bytes;
  dirty_begin_ = dirty_end_ == 0 ? begin : std::min(dirty_begin_, begin);
  dirty_end_ = std::max(dirty_end_, begin + slot_bytes);
}

int AttemptsFile::write() {
  if (dirty_end_ == 0) return 0;
  const auto dirty = slots_.span().subspan(dirty_begin_, dirty_end_ - dirty_begin_);
  int error = file_->write_at(dirty_begin_, dirty);
  if (error != 0) error = file_->write_at(dirty_begin_, dirty);  // the sends it tells of begin right after this
  if (error != 0) return error;
  dirty_begin_ = dirty_end_ = 0;
  return 0;
}

}  // namespace forebay
