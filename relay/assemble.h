// Assembly: one whole Forebay in one process, from a checked config to a running loop. relay/assemble.cc is the only
// file that names concrete classes.
#pragma once

#include <string>

#include "config/config.h"

namespace forebay {

// Runs until SIGTERM or SIGINT and returns the exit status: 0 stopped in order (what was in flight ended or was kept),
// 1 could not start, or the disk could no longer be trusted. Says on standard output where its doors listen.
int serve(const Config& config);

}  // namespace forebay
