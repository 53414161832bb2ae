// `forebay demo`: a relay and a mock gateway as children of this program, a burst, and a verdict.
#pragma once

namespace forebay {

// Returns 0: everything promised holds; 1: something does not, or did not start; 2: usage; 130: interrupted.
int demo_main(int argc, char** argv);

}  // namespace forebay
