// The lower half of a frame of `forebay top`: the sinks and how much of their limits is in use.
#pragma once

#include <vector>

#include "relay/cli/shown_status.h"
#include "relay/cli/styled_line.h"
#include "relay/cli/top_frame.h"

namespace forebay {

// Titles first; nothing where there are no sinks. One that is not open has a second line, that says why.
std::vector<StyledLine> sink_lines(const ShownStatus& status, WallTime now, size_t name_columns, const FrameSize& size);

}  // namespace forebay
