// `forebay top`: a relay's queues and sinks, live.
#pragma once

namespace forebay {

int top_main(int argc, char** argv);

}  // namespace forebay
