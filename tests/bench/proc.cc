#include "proc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>

namespace forebay::bench {
namespace {

std::string text_of(pid_t pid, const char* file) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The number behind `name` in lines of "name: number".
uint64_t field(const std::string& text, const std::string& name) {
  const size_t at = text.find(name + ":");
  return at == std::string::npos ? 0 : strtoull(text.c_str() + at + name.size() + 1, nullptr, 10);
}

}  // namespace

int64_t steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

double cpu_seconds(pid_t pid) {
  const std::string text = text_of(pid, "stat");
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream in(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) in >> skipped;  // fields 3 to 13; utime and stime are 14 and 15
  double user = 0, system = 0;
  in >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double waited_seconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
  uint64_t ran_ns = 0, waited_ns = 0;
  file >> ran_ns >> waited_ns;
  return static_cast<double>(waited_ns) / 1e9;
}

uint64_t rss_bytes(pid_t pid) {
  return field(text_of(pid, "status"), "VmRSS") * 1024;
}
uint64_t rss_peak_bytes(pid_t pid) {
  return field(text_of(pid, "status"), "VmHWM") * 1024;
}

// The seventh number of a block device's stat: sectors of 512 bytes written.
uint64_t device_written(const std::string& directory) {
  struct stat at {};
  if (stat(directory.c_str(), &at) != 0) return 0;
  std::ifstream in("/sys/dev/block/" + std::to_string(major(at.st_dev)) + ":" + std::to_string(minor(at.st_dev)) +
                   "/stat");
  uint64_t number = 0;
  for (int i = 0; i < 7; ++i) in >> number;
  return in ? number * 512 : 0;
}

uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const bool got = bind(fd, plain, size) == 0 && getsockname(fd, plain, &size) == 0;
  close(fd);
  return got ? ntohs(address.sin_port) : 0;
}

std::vector<double> bare_syncs_ms(const std::string& directory, double seconds_max, size_t count_max, int pause_ms) {
  std::vector<double> took;
  const std::string path = directory + "/bare";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return took;
  const std::string zeroes(8 << 20, '\0');
  const std::string record(512, 'x');
  if (write(fd, zeroes.data(), zeroes.size()) < 0) return close(fd), took;
  fsync(fd);
  const int64_t began = steady_ns();
  off_t at = 0;
  while (took.size() < count_max && static_cast<double>(steady_ns() - began) / 1e9 < seconds_max) {
    const int64_t before = steady_ns();
    if (pwrite(fd, record.data(), record.size(), at) < 0 || fdatasync(fd) != 0) break;
    took.push_back(static_cast<double>(steady_ns() - before) / 1e6);
    at = (at + static_cast<off_t>(record.size())) % static_cast<off_t>(zeroes.size());
    if (pause_ms > 0) poll(nullptr, 0, pause_ms);
  }
  close(fd);
  unlink(path.c_str());
  return took;
}

}  // namespace forebay::bench
