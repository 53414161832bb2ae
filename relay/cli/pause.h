// `forebay pause` and `forebay resume`: queues, sinks, classes and keys, held and let go.
#pragma once

namespace forebay {

int pause_main(int argc, char** argv);
int resume_main(int argc, char** argv);

}  // namespace forebay
