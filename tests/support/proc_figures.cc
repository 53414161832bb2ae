#include "tests/support/proc_figures.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace forebay::testing {
namespace {

std::string of(pid_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

// A line of /proc/PID/status, "VmRSS:   123 kB", in bytes.
uint64_t memory_line(pid_t pid, const std::string& name) {
  std::ifstream in(of(pid, "status"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

}  // namespace

uint64_t rss_bytes(pid_t pid) {
  return memory_line(pid, "VmRSS");
}
uint64_t rss_peak_bytes(pid_t pid) {
  return memory_line(pid, "VmHWM");
}

double cpu_seconds(pid_t pid) {
  std::ifstream in(of(pid, "stat"));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;  // utime and stime are fields 14 and 15
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

size_t open_descriptors(pid_t pid) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(of(pid, "fd")), {}));
}

}  // namespace forebay::testing
