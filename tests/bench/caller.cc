#include "caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "world.h"

namespace forebay::bench {

Caller::Caller(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) die("cannot connect to the relay");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Caller::~Caller() {
  close(fd_);
}

std::string Caller::ask(const std::string& request) {
  if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    die("the relay does not take a request");
  }
  char bytes[65'536];
  for (;;) {
    const size_t end = buffer_.find("\r\n\r\n");
    const size_t length = buffer_.find("Content-Length: ");
    if (end != std::string::npos && length != std::string::npos && length < end) {
      const size_t size = std::strtoull(buffer_.c_str() + length + 16, nullptr, 10);
      if (buffer_.size() >= end + 4 + size) {
        if (buffer_.compare(9, 3, "200") != 0) die("the relay answers " + buffer_.substr(0, 200));
        std::string body = buffer_.substr(end + 4, size);
        buffer_.erase(0, end + 4 + size);
        return body;
      }
    }
    const ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) die("the relay hangs up");
    buffer_.append(bytes, static_cast<size_t>(n));
  }
}

}  // namespace forebay::bench
