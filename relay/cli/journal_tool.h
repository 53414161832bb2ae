// `forebay journal verify|stat DIR`: reads a data_dir offline.
#pragma once

namespace forebay {

// verify: 0 whole, 1 damaged or unreadable. stat: 0, 1 unreadable. 2: usage.
int journal_main(int argc, char** argv);

}  // namespace forebay
