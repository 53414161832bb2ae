#include "relay/cli/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

namespace forebay {
namespace {

int64_t steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

// False: nothing to read until then.
bool readable(int fd, int64_t until_ns) {
  const int64_t left_ns = until_ns - steady_ns();
  pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&poll_fd, 1, left_ns <= 0 ? 0 : static_cast<int>(left_ns / 1'000'000 + 1)) > 0;
}

[[noreturn]] void become(const std::vector<std::string>& argv, int out, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(out, STDOUT_FILENO);
  if (log >= 0) dup2(log, STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, const std::string& log_path) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  const int log = log_path.empty() ? -1 : open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(argv, ends[1], log, parent);
  out_ = ends[0];
  close(ends[1]);
  if (log >= 0) close(log);
}

Child::~Child() {
  if (running()) {
    signal(SIGKILL);
    wait(Duration::seconds(10));
  }
  if (out_ >= 0) close(out_);
}

std::optional<std::string> Child::read_line(Duration deadline) {
  const int64_t until_ns = steady_ns() + deadline.ns;
  for (;;) {
    const size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (out_ < 0 || !readable(out_, until_ns)) return std::nullopt;
    char bytes[4096];
    const ssize_t got = read(out_, bytes, sizeof bytes);
    if (got <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<size_t>(got));
  }
}

void Child::signal(int number) {
  if (pid_ > 0 && !status_) kill(pid_, number);
}

bool Child::running() {
  return pid_ > 0 && !wait(Duration{});
}

std::optional<int> Child::wait(Duration deadline) {
  if (status_ || pid_ <= 0) return status_;
  const auto handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));  // readable once it has ended
  if (handle >= 0) {
    readable(handle, steady_ns() + deadline.ns);
    close(handle);
  }
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

std::string own_executable() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : "forebay";
}

}  // namespace forebay
