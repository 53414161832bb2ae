// Segments: the files of fixed size that frames are appended to, and how one is read through again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "backlog/byte_buffer.h"
#include "backlog/files.h"
#include "backlog/frame.h"

namespace forebay {

struct SegmentHeader {
  uint32_t store_id = 0;
  uint32_t slot = 0;        // the file
  uint32_t number = 0;      // its place in the log; 0 is none
  uint32_t generation = 0;  // how often the slot was used
  uint32_t previous = 0;    // the number before this one when it was made
  uint64_t file_bytes = 0;
  uint64_t salt = 0;
};

std::string segment_name(uint32_t slot);
std::string index_name(uint32_t slot);
// True: the name is that of a segment, and here is its slot.
bool parse_segment_name(std::string_view name, uint32_t* slot);

int write_segment_header(File& file, const SegmentHeader& header);

enum class HeaderState { good, blank, other_version, damaged };
// An errno, or 0 and what was found there. `version` is set for other_version.
int read_segment_header(File& file, SegmentHeader* header, HeaderState* state, uint32_t* version);

// All of a segment's bytes from 0 to `end` (or to the end of the file), into a buffer used again and again.
int read_segment(File& file, uint64_t end, ByteBuffer* bytes);

struct FoundFrame {
  uint32_t offset = 0;
  FrameView view;
};

// How a reading of a segment came to its end.
struct ScanResult {
  uint64_t end = 0;                   // behind the last frame of the unbroken chain
  uint64_t expected = 0;              // the number the next frame would have had
  bool broken_frame = false;          // a frame of this segment began at `end` and is not whole
  uint64_t later_frames = 0;          // good ones found behind a broken place
  uint64_t later_synced_through = 0;  // the highest any of those vouches for
};

// The first multiple of 8 from `at` on (itself one) where a frame might begin; bytes.size() or beyond: none.
size_t next_frame_magic(std::span<const std::byte> bytes, size_t at);

// Reads `bytes` (a segment from its byte 0) from `from` on: every good frame of the chain that starts there
// goes to `chain`. At the first place that is no good frame the chain ends; from there on good frames are
// searched for at every multiple of 8 and go to `later` (may be empty: then nothing is searched). The first
// frame's number is taken as it comes (`expected` only helps to know a broken one); those behind it rise by
// one. Views point into `bytes`.
ScanResult scan_segment(std::span<const std::byte> bytes, const SegmentHeader& header, uint64_t from, uint64_t end,
                        uint64_t expected, const std::function<void(const FoundFrame&)>& chain,
                        const std::function<void(const FoundFrame&)>& later);

}  // namespace forebay
