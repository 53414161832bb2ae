// `forebay send`: a burst from a file, standard input or a template.
#pragma once

namespace forebay {

// Returns 0: all accepted (202); 1: something was refused, lost or stopped; 2: usage.
int send_main(int argc, char** argv);

}  // namespace forebay
