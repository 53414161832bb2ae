// One frame of `forebay top`: a pure function of what is known and of the room on the screen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "relay/cli/shown_status.h"
#include "relay/cli/top_history.h"

namespace forebay {

struct FrameSize {
  size_t columns = 80;
  size_t rows = SIZE_MAX;  // of the screen; the frame has no more lines than that
  bool colour = false;
  bool ascii = false;  // the terminal shows no block elements
  bool keys = false;   // there is somebody at the keyboard: the last line tells the keys
};

struct TopView {
  const ShownStatus& status;
  const TopHistory& history;
  std::string where;    // the door that was asked
  WallTime now;         // of the last answer
  std::string trouble;  // why there is no newer one; empty: there is
  bool frozen = false;
};

// Lines without line ends, none wider than the screen.
std::vector<std::string> top_frame(const TopView& view, const FrameSize& size);

}  // namespace forebay
