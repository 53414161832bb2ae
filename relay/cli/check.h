// `forebay check`: is this config file good? Says everything that is wrong with it, and what is odd.
#pragma once

#include <iosfwd>
#include <string>

namespace forebay {

// 0: `ok: …` and the warnings on `out`. 1: every error on `err`, nothing on `out`.
int run_check(const std::string& path, std::ostream& out, std::ostream& err);

// Returns 0: good; 1: not; 2: usage. argv[0] is the word `check`.
int check_main(int argc, char** argv);

}  // namespace forebay
