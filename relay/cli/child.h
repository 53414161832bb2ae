// Child: a process of this program's own making, its standard output read line by line.
//
// It dies with its parent (PR_SET_PDEATHSIG) and with this object (SIGKILL by pid), is in a process group of
// its own (Ctrl-C reaches the parent alone) and starts with no signal blocked.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace forebay {

class Child {
 public:
  // Standard error goes to `log_path` (appended to); empty: to this process's.
  Child(const std::vector<std::string>& argv, const std::string& log_path);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // Its next line of output; nullopt: the output ended or the time ran out.
  std::optional<std::string> read_line(Duration deadline);
  void signal(int number);
  bool running();
  // Exit status, 128 + n where signal n ended it; nullopt: still running when the time ran out.
  std::optional<int> wait(Duration deadline);

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::optional<int> status_;
  std::string buffer_;
};

// The path of this very program.
std::string own_executable();

}  // namespace forebay
