// `forebay dead`: what a queue gave up on, listed, shown, replayed or purged.
#pragma once

namespace forebay {

int dead_main(int argc, char** argv);

}  // namespace forebay
