// Process: a child process of a test, its output read line by line. Ended by its pid at the latest when the object
// goes; it dies with the test even if the test crashes. Every wait has a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace forebay::testing {

class Process {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;
  // argv[0] is looked up in PATH. Standard output and error both come through read_line().
  explicit Process(const std::vector<std::string>& argv, const Environment& extra = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  // The exit status (128 + n if a signal n ended it); nullopt: still running at the deadline.
  std::optional<int> wait(std::chrono::milliseconds deadline = std::chrono::seconds(20));
  // SIGKILL and wait.
  void kill();

  // The next line of output without its end; nullopt: the deadline passed or the output ended.
  std::optional<std::string> read_line(std::chrono::milliseconds deadline = std::chrono::seconds(20));
  // Reads on until a line has `text` in it.
  std::optional<std::string> wait_for(const std::string& text,
                                      std::chrono::milliseconds deadline = std::chrono::seconds(20));
  // Everything read so far, for failure messages.
  const std::string& output() const { return output_; }
  // Reads whatever there is until the end of the output.
  std::string read_all(std::chrono::milliseconds deadline = std::chrono::seconds(20));

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  int status_ = -1;
  std::string buffer_, output_;
};

// A directory that is removed with what is in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& text) const;  // the file's path

 private:
  std::string path_;
};

}  // namespace forebay::testing
