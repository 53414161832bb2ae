// Progress: one line that is redrawn on a terminal, or a plain line a second elsewhere.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace forebay {

struct ProgressFigures {
  uint64_t done = 0;
  std::optional<uint64_t> total;
  double seconds = 0;
  double per_second = 0;
  std::string note;  // shown at the end of the line, may be empty
};

// "[####------]  40 %  400/1,000  200/s  2.0 s  note", at most `width` columns; without a total no bar.
std::string progress_line(const ProgressFigures& figures, size_t width);
// 1234567 as "1,234,567".
std::string with_commas(uint64_t number);

class Progress {
 public:
  Progress(FILE* out, bool quiet);
  bool terminal() const { return terminal_; }
  // How often show() is worth calling.
  uint64_t period_ms() const { return terminal_ ? 100 : 1000; }
  void show(const ProgressFigures& figures);
  void clear();  // takes the redrawn line away

 private:
  FILE* out_;
  bool quiet_, terminal_, drawn_ = false;
};

}  // namespace forebay
