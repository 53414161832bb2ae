#include "backlog/log_writer.h"

#include <array>
#include <cassert>
#include <cerrno>

#include "backlog/format.h"
#include "backlog/frame.h"

namespace forebay {

LogWriter::LogWriter(SegmentPool& pool, uint64_t segment_bytes, uint64_t next_frame, uint32_t last_number)
    : pool_(pool),
      segment_bytes_(segment_bytes),
      next_frame_(next_frame),
      last_number_(last_number),
      synced_through_(next_frame - 1) {
  begin_frame(frame_);
}

int LogWriter::make_room(size_t bytes, SegmentUse use) {
  const size_t records = frame_.size() - format::frame_header_bytes;
  if (records > 0 && records + bytes <= format::frame_records_bytes_max &&
      format::frame_bytes(records + bytes) <= left()) {
    return 0;
  }
  if (const int error = write_frame(false)) return error;
  if (format::frame_bytes(bytes) <= left()) return 0;
  if (bytes > pool_.usable_per_segment()) return EMSGSIZE;
  return next_segment(use);
}

size_t LogWriter::room() const {
  const size_t records = frame_.size() - format::frame_header_bytes;
  const uint64_t around = format::frame_header_bytes + format::frame_trailer_bytes + format::frame_alignment;
  const uint64_t here = left() > around ? left() - around : 0;
  const uint64_t most = std::min<uint64_t>(here, format::frame_records_bytes_max);
  return most > records ? most - records : 0;
}

LogPlace LogWriter::put(std::span<const std::byte> records) {
  assert(active_.file);
  const LogPlace place{active_.header.slot, static_cast<uint32_t>(offset_ + frame_.size())};
  frame_.append(records);
  return place;
}

int LogWriter::write_frame(bool last) {
  if (frame_.size() == format::frame_header_bytes) return 0;
  const size_t records = frame_.size() - format::frame_header_bytes;
  seal_frame(frame_, {active_.header.number, active_.header.salt, next_frame_, synced_through_, first_, last});
  assert(offset_ + frame_.size() <= segment_bytes_);
  touch();
  if (const int error = active_.file->write_at(offset_, frame_.span())) {
    // Part of it may be there. Without its header it is no frame, whatever else of it arrived.
    constexpr std::array<std::byte, format::frame_header_bytes> no_header{};
    active_.file->write_at(offset_, no_header);
    return error;
  }
  index_.add_frame(frame_.span().subspan(format::frame_header_bytes, records), offset_ + format::frame_header_bytes);
  offset_ += frame_.size();
  frame_bytes_written_ += frame_.size();
  last_frame_here_ = next_frame_++;
  first_ = last;
  begin_frame(frame_);
  return 0;
}

void LogWriter::touch() {
  if (touched_.empty() || touched_.back() != active_.file) touched_.push_back(active_.file);
}

int LogWriter::end_commit() {
  return write_frame(true);
}

void LogWriter::abandon_commit() {
  begin_frame(frame_);
  first_ = true;
}

int LogWriter::next_segment(SegmentUse use) {
  FreshSegment fresh;
  if (const int error = pool_.take(use, &fresh)) return error;
  seal();
  active_ = std::move(fresh);
  offset_ = format::segment_header_bytes;
  opened_.push_back(active_.header);
  return 0;
}

int LogWriter::leave_segment(SegmentUse use) {
  assert(frame_.size() == format::frame_header_bytes);
  return offset_ == format::segment_header_bytes ? 0 : next_segment(use);
}

int LogWriter::probe() {
  static constexpr std::array<std::byte, 4096> nothing{};
  if (left() < nothing.size()) {
    if (const int error = next_segment(SegmentUse::messages)) return error;
  }
  touch();
  return active_.file->write_at(offset_, nothing);
}

void LogWriter::seal() {
  if (!active_.file) return;
  const SegmentHeader& header = active_.header;
  sealed_.push_back({{header.slot, header.number, header.generation, offset_, last_frame_here_}, std::move(index_)});
  index_ = IndexBuilder();
  last_frame_here_ = 0;
}

int LogWriter::sync() {
  for (const auto& file : touched_) {
    if (const int error = file->sync()) return error;
  }
  touched_.clear();
  synced_through_ = next_frame_ - 1;
  return 0;
}

LogPosition LogWriter::position() const {
  return {active_.header.slot, active_.file ? active_.header.number : last_number_, offset_, next_frame_};
}

}  // namespace forebay
