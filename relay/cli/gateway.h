// `forebay gateway`: the mock SMS gateway as a command.
#pragma once

namespace forebay {

// Runs until SIGTERM or SIGINT, then prints the summary. Returns 0; 1: cannot listen; 2: usage.
int gateway_main(int argc, char** argv);

}  // namespace forebay
