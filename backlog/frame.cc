#include "backlog/frame.h"

#include <cassert>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {
namespace {

constexpr size_t checked_header_bytes = format::frame_header_bytes - 4;

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace

void begin_frame(ByteBuffer& frame) {
  frame.clear();
  std::memset(frame.extend(format::frame_header_bytes), 0, format::frame_header_bytes);
}

void seal_frame(ByteBuffer& frame, const FrameStamp& stamp) {
  assert(frame.size() > format::frame_header_bytes && frame.size() < format::frame_first_bit);
  const size_t records = frame.size() - format::frame_header_bytes;
  std::byte* header = frame.data();
  store<uint32_t>(header, format::frame_magic);
  store<uint32_t>(header + 4, stamp.segment);
  store<uint64_t>(header + 8, stamp.number);
  store<uint64_t>(header + 16, stamp.synced_through);
  store<uint32_t>(header + 24, static_cast<uint32_t>(records) | (stamp.first ? format::frame_first_bit : 0) |
                                   (stamp.last ? format::frame_last_bit : 0));
  store<uint32_t>(header + 28, static_cast<uint32_t>(checksum({header, checked_header_bytes}, stamp.salt)));
  while (frame.size() % format::frame_alignment != 0) frame.u8(0);
  frame.u64(checksum(frame.span(), stamp.salt));
  assert(frame.size() == format::frame_bytes(records));
}

FrameState read_frame(std::span<const std::byte> bytes, uint32_t segment, uint64_t salt, uint64_t expected,
                      FrameView* frame) {
  if (bytes.size() < format::frame_header_bytes) return FrameState::nothing;
  const std::byte* header = bytes.data();
  const bool magic_right = load<uint32_t>(header) == format::frame_magic;
  const bool segment_right = load<uint32_t>(header + 4) == segment;
  frame->number = load<uint64_t>(header + 8);
  const auto broken =
      magic_right + segment_right + (frame->number == expected) >= 2 ? FrameState::bad : FrameState::nothing;
  const auto header_checksum = static_cast<uint32_t>(checksum({header, checked_header_bytes}, salt));
  if (!magic_right || !segment_right || load<uint32_t>(header + 28) != header_checksum) return broken;
  const uint32_t records_and_bits = load<uint32_t>(header + 24);
  const uint32_t records = records_and_bits & (format::frame_first_bit - 1);
  frame->first = (records_and_bits & format::frame_first_bit) != 0;
  frame->last = (records_and_bits & format::frame_last_bit) != 0;
  frame->synced_through = load<uint64_t>(header + 16);
  frame->bytes = format::frame_bytes(records);
  if (frame->bytes > bytes.size()) return FrameState::bad;
  const size_t checked = frame->bytes - format::frame_trailer_bytes;
  if (load<uint64_t>(header + checked) != checksum(bytes.first(checked), salt)) return FrameState::bad;
  frame->records = bytes.subspan(format::frame_header_bytes, records);
  return FrameState::good;
}

}  // namespace forebay
