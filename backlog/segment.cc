#include "backlog/segment.h"

#include <cassert>
#include <cerrno>
#include <cstdio>

#include "backlog/checksum.h"
#include "backlog/format.h"

namespace forebay {
namespace {

std::string numbered(uint32_t slot, const char* suffix) {
  char name[32];
  std::snprintf(name, sizeof name, "%08u%s", slot, suffix);
  return name;
}

constexpr size_t header_checked_bytes = format::segment_header_used - 8;

}  // namespace

std::string segment_name(uint32_t slot) {
  return numbered(slot, ".segment");
}
std::string index_name(uint32_t slot) {
  return numbered(slot, ".index");
}

bool parse_segment_name(std::string_view name, uint32_t* slot) {
  if (name.size() != 16 || name.substr(8) != ".segment") return false;
  *slot = 0;
  for (const char digit : name.substr(0, 8)) {
    if (digit < '0' || digit > '9') return false;
    *slot = *slot * 10 + static_cast<uint32_t>(digit - '0');
  }
  return true;
}

int write_segment_header(File& file, const SegmentHeader& header) {
  ByteBuffer bytes;
  bytes.u64(format::segment_magic);
  bytes.u32(format::version);
  bytes.u32(header.store_id);
  bytes.u32(header.slot);
  bytes.u32(header.number);
  bytes.u32(header.generation);
  bytes.u32(header.previous);
  bytes.u64(header.file_bytes);
  bytes.u64(header.salt);
  assert(bytes.size() == header_checked_bytes);
  bytes.u64(checksum(bytes.span()));
  const size_t rest = format::segment_header_bytes - bytes.size();
  std::memset(bytes.extend(rest), 0, rest);
  return file.write_at(0, bytes.span());
}

int read_segment_header(File& file, SegmentHeader* header, HeaderState* state, uint32_t* version) {
  std::byte bytes[format::segment_header_bytes];
  size_t read = 0;
  *state = HeaderState::damaged;
  if (const int error = file.read_at(0, bytes, &read)) return error;
  std::memset(bytes + read, 0, sizeof bytes - read);
  bool blank = true;
  for (size_t i = 0; i < format::segment_header_used; ++i) blank = blank && bytes[i] == std::byte{0};
  if (blank) return *state = HeaderState::blank, 0;
  Decoder in({bytes, format::segment_header_used});
  if (in.u64() != format::segment_magic) return 0;
  *version = in.u32();
  if (!format::is_readable(*version)) return *state = HeaderState::other_version, 0;
  header->store_id = in.u32();
  header->slot = in.u32();
  header->number = in.u32();
  header->generation = in.u32();
  header->previous = in.u32();
  header->file_bytes = in.u64();
  header->salt = in.u64();
  if (in.u64() == checksum({bytes, header_checked_bytes})) *state = HeaderState::good;
  return 0;
}

int read_segment(File& file, uint64_t end, ByteBuffer* bytes) {
  uint64_t size = 0;
  if (const int error = file.size(&size)) return error;
  bytes->clear();
  const uint64_t wanted = std::min(end, size);
  size_t read = 0;
  bytes->extend(wanted);
  if (const int error = file.read_at(0, bytes->span(), &read)) return error;
  bytes->truncate(read);
  return 0;
}

size_t next_frame_magic(std::span<const std::byte> bytes, size_t at) {
  static_assert(format::frame_alignment == 8);
  constexpr size_t stride = 512;  // looked at as a whole first, which the compiler makes vectors of
  const auto low_half = [&](size_t place) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + place, sizeof word);
    return word;
  };
  for (; at + stride <= bytes.size(); at += stride) {
    bool any = false;
    for (size_t i = 0; i < stride; i += 8) any |= low_half(at + i) == format::frame_magic;
    if (any) break;
  }
  for (; at + 8 <= bytes.size(); at += 8) {
    if (low_half(at) == format::frame_magic) return at;
  }
  return bytes.size();
}

ScanResult scan_segment(std::span<const std::byte> bytes, const SegmentHeader& header, uint64_t from, uint64_t end,
                        uint64_t expected, const std::function<void(const FoundFrame&)>& chain,
                        const std::function<void(const FoundFrame&)>& later) {
  end = std::min<uint64_t>(end, bytes.size());
  ScanResult result{.end = from, .expected = expected};
  FoundFrame found;
  const auto read = [&](uint64_t at) {
    found.offset = static_cast<uint32_t>(at);
    return read_frame(bytes.subspan(at, end - at), header.number, header.salt, result.expected, &found.view);
  };
  while (result.end < end) {
    const FrameState state = read(result.end);
    result.broken_frame = state == FrameState::bad;
    if (state != FrameState::good) break;
    if (result.end != from && found.view.number != result.expected) break;
    chain(found);
    result.end += found.view.bytes;
    result.expected = found.view.number + 1;
  }
  if (!later) return result;
  const auto searched = bytes.first(end);
  for (uint64_t at = next_frame_magic(searched, result.end); at + format::frame_header_bytes <= end;
       at = next_frame_magic(searched, at + format::frame_alignment)) {
    if (read(at) != FrameState::good) continue;
    ++result.later_frames;
    result.later_synced_through = std::max(result.later_synced_through, found.view.synced_through);
    later(found);
    at += found.view.bytes - format::frame_alignment;
  }
  return result;
}

}  // namespace forebay
