// HeadScan: finds where a request's head ends, and holds its bytes to the letter of RFC 9112 on the way.
//
// Every line ends in CR LF, nothing else contains CR, LF, NUL or another control character; no line is a
// continuation (obs-fold); a name is a token right before its colon; the request line is three words and two
// single spaces. One empty line before the request line is let pass (section 2.2). The verdict depends on the
// bytes alone, not on how they were cut into reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "doors/intake.h"

namespace forebay {

class HeadScan {
 public:
  enum class Result { more, whole, refused };

  // `bytes`: everything of this head so far, from its first byte; each call may show more of it.
  Result scan(std::string_view bytes, uint64_t max_bytes, uint32_t max_headers, Problem* problem);

  size_t begin() const { return begin_; }  // where the request line starts: 0, or 2 after an empty line
  size_t end() const { return line_; }     // once whole: one past the empty line
  bool started() const { return looked_ > begin_; }

 private:
  Result take_line(std::string_view line, uint32_t max_headers, Problem* problem);

  uint32_t begin_ = 0;
  uint32_t line_ = 0;    // where the line being looked for starts
  uint32_t looked_ = 0;  // bytes already searched for a line end
  uint32_t lines_ = 0;   // request line and headers seen
};

}  // namespace forebay
