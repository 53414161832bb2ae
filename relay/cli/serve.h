// `forebay serve`: the relay itself.
#pragma once

namespace forebay {

// Returns 0: stopped in order; 1: a bad configuration, a data_dir in use, a disk that cannot be trusted; 2: usage.
int serve_main(int argc, char** argv);

}  // namespace forebay
