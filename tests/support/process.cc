#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace forebay::testing {
namespace {

using Clock = std::chrono::steady_clock;

int milliseconds_left(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

[[noreturn]] void become(const std::vector<std::string>& argv, const Process::Environment& extra, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  for (const auto& [name, value] : extra) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, const Environment& extra) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) become(argv, extra, ends[1]);
  close(ends[1]);
  fd_ = ends[0];
}

Process::~Process() {
  kill();
  close(fd_);
}

bool Process::running() {
  return !wait(std::chrono::milliseconds(0)).has_value();
}

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
  if (status_ >= 0) return status_;
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{pidfd, POLLIN, 0};
  poll(&ended, 1, static_cast<int>(deadline.count()));
  close(pidfd);
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Process::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  status_ = 128 + SIGKILL;
}

std::optional<std::string> Process::read_line(std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  for (;;) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd readable{fd_, POLLIN, 0};
    if (poll(&readable, 1, milliseconds_left(until)) <= 0) return std::nullopt;
    char bytes[4096];
    const ssize_t n = read(fd_, bytes, sizeof bytes);
    if (n <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<size_t>(n));
    output_.append(bytes, static_cast<size_t>(n));
  }
}

std::optional<std::string> Process::wait_for(const std::string& text, std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (auto line = read_line(std::chrono::milliseconds(milliseconds_left(until)))) {
    if (line->find(text) != std::string::npos) return line;
  }
  return std::nullopt;
}

std::string Process::read_all(std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (read_line(std::chrono::milliseconds(milliseconds_left(until)))) {
  }
  return output_;
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "forebay-test-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(const std::string& name, const std::string& text) const {
  const std::string file = path_ + "/" + name;
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

}  // namespace forebay::testing
