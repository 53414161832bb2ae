#include "crowd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "proc.h"
#include "world.h"

namespace forebay::bench {

Crowd::Crowd(uint16_t port, size_t count, const std::string& request) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  for (size_t i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      die(fmt::format("connection {} cannot be made", i));
    }
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) die("a connection cannot ask");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    fds_.push_back(fd);
  }
}

Crowd::~Crowd() {
  for (const int fd : fds_) close(fd);
  close(epoll_);
}

uint64_t Crowd::listen(uint64_t count, double seconds_max) {
  const int64_t until = steady_ns() + static_cast<int64_t>(seconds_max * 1e9);
  std::vector<epoll_event> ready(512);
  std::string bytes(65'536, '\0');
  while (counted_ < count && steady_ns() < until) {
    const int n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 100);
    for (int i = 0; i < n; ++i) {
      const ssize_t got = recv(ready[static_cast<size_t>(i)].data.fd, bytes.data(), bytes.size(), 0);
      if (got == 0) die("a connection was hung up on");
      if (got > 0) counted_ += static_cast<uint64_t>(std::count(bytes.begin(), bytes.begin() + got, '~'));
    }
  }
  return counted_;
}

}  // namespace forebay::bench
