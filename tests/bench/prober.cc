#include "prober.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dialects.h"
#include "proc.h"

namespace forebay::bench {
namespace {

int connect_to(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

Prober::Prober(uint16_t port, const std::string& path, int interval_ms)
    : thread_([=, this] { run(port, http_get_request(path), interval_ms); }) {}

const std::vector<double>& Prober::end() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
  return times_ms_;
}

// Answers are small enough to come in one piece.
void Prober::run(uint16_t port, const std::string& request, int interval_ms) {
  const int fd = connect_to(port);
  char answer[4096];
  while (!ending_ && error_.empty()) {
    const int64_t began = steady_ns();
    const bool asked = send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
    if (!asked || recv(fd, answer, sizeof answer, 0) <= 0) {
      error_ = std::string("no answer to the prober: ") + strerror(errno);
      break;
    }
    times_ms_.push_back(static_cast<double>(steady_ns() - began) / 1e6);
    poll(nullptr, 0, interval_ms);
  }
  if (fd >= 0) close(fd);
}

}  // namespace forebay::bench
