// ChunkDecoder: a chunked body, byte by byte to the letter of RFC 9112 section 7.1.
//
// Sizes have 1 to 16 hex digits, lines end in CR LF, nothing else does. Extensions and trailers are checked,
// bounded and thrown away. The verdict depends on the bytes alone, not on how they were cut into reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "doors/intake.h"

namespace forebay {

struct ChunkLimits {
  uint64_t max_body_bytes = 0;     // above: 413
  uint64_t max_trailer_bytes = 0;  // above: 431
};

class ChunkDecoder {
 public:
  enum class Result { more, done, refused };

  // Takes from the front of *bytes, up to the body's end; data is appended to *body.
  Result feed(std::string_view* bytes, const ChunkLimits& limits, std::string* body, Problem* problem);

 private:
  enum class State : uint8_t {
    size_first, size, extension, size_lf, data, data_cr, data_lf,
    trailer_start, trailer_name, trailer_value, trailer_lf, end_lf
  };
  void take_data(std::string_view* bytes, std::string* body);
  bool take_byte(char c, const ChunkLimits& limits, uint64_t body_bytes, Problem* problem);
  bool take_size(char c, Problem* problem);
  bool take_trailer(char c, const ChunkLimits& limits, Problem* problem);
  bool end_size(const ChunkLimits& limits, uint64_t body_bytes, Problem* problem);

  State state_ = State::size_first;
  uint8_t digits_ = 0;
  bool done_ = false;
  uint32_t extension_bytes_ = 0;  // of the whole body
  uint32_t trailer_bytes_ = 0;
  uint64_t left_ = 0;  // of this chunk
};

}  // namespace forebay
