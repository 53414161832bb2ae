// Files over one real directory, in plain system calls.
//
// Promise: a name or a byte that a sync covered is on the medium as far as the kernel tells the truth; calls cut
// short or interrupted by signals are carried on; every descriptor is close-on-exec.
// Descriptors: two are kept in reserve, so that the journal can open its next file when the process has run out
// (EMFILE, ENFILE) because of connections. The reserve refills itself as files are closed.
#pragma once

#include <memory>
#include <string>

#include "backlog/files.h"

namespace forebay {

// Opens the directory at `path`. It is created if need be, with its parents (mode 0700), and each new directory
// is made durable by a sync of its parent before this returns. 0, or an errno with *files left alone.
int open_posix_files(const std::string& path, std::unique_ptr<Files>* files);

}  // namespace forebay
