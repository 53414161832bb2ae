// Other programs, run by a test: started by name, ended by process id.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace forebay {

// A new folder under the system's temporary one, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Its standard output and error come together. Killed when the object goes.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Reads on until `text` has come, the output ends or the time is over. True: it has come.
  bool wait_for(const std::string& text, std::chrono::seconds at_most);
  const std::string& output() const { return output_; }
  // Reads to the end of the output, then the exit code (-1: a signal ended it).
  int finish();

 private:
  bool read_more(int timeout_ms);

  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::string output_;
};

struct Finished {
  int exit_code;
  std::string output;
};
Finished run_to_end(const std::vector<std::string>& arguments);

}  // namespace forebay
