// `forebay plan`: what a config would make of a burst or a trace, before anybody tries it on a downstream.
#pragma once

namespace forebay {

// Returns 0: planned; 1: a file cannot be read, is wrong, or does not fit; 2: usage. On 1 and 2 nothing is on stdout.
int plan_main(int argc, char** argv);

}  // namespace forebay
