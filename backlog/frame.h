// Frames: what is written at once, vouched for by one checksum (layout: format.h).
#pragma once

#include <span>

#include "backlog/byte_buffer.h"

namespace forebay {

struct FrameStamp {
  uint32_t segment = 0;  // its number
  uint64_t salt = 0;     // the segment's
  uint64_t number = 0;
  uint64_t synced_through = 0;
  bool first = true, last = true;  // of its commit
};

struct FrameView {
  uint64_t number = 0;
  uint64_t synced_through = 0;
  bool first = true, last = true;
  uint64_t bytes = 0;  // of the whole frame
  std::span<const std::byte> records;
};

enum class FrameState {
  good,
  bad,     // a frame of this segment began here and is not whole
  nothing  // nothing of this segment and generation
};

// Makes room for a header in an empty buffer; records are appended behind it.
void begin_frame(ByteBuffer& frame);
// Pads, stamps and seals what begin_frame() began: ready to be written at a multiple of 8.
void seal_frame(ByteBuffer& frame, const FrameStamp& stamp);

// What stands at the start of `bytes`. `expected` (its number) helps to tell bad from nothing: of magic,
// segment and number two must be right.
FrameState read_frame(std::span<const std::byte> bytes, uint32_t segment, uint64_t salt, uint64_t expected,
                      FrameView* frame);

}  // namespace forebay
