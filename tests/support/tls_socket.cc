#include "tests/support/tls_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace forebay::testing {
namespace {

constexpr int deadline_ms = 10'000;

int connected(uint16_t port, int receive_buffer_bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_bytes > 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);  // what fails shows at the first read
  return fd;
}

}  // namespace

TlsSocket::TlsSocket(uint16_t port, const TlsClient::Settings& settings, int receive_buffer_bytes)
    : fd_(connected(port, receive_buffer_bytes)), tls_(settings) {
  flush();
  while (!tls_.established() && !tls_.failed() && fill()) continue;
}

TlsSocket::~TlsSocket() {
  ::close(fd_);
}

void TlsSocket::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;  // the end shows when it is read
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

bool TlsSocket::fill() {
  pollfd waits{fd_, POLLIN, 0};
  if (ended_ || poll(&waits, 1, deadline_ms) <= 0) return false;
  char bytes[64 * 1024];
  const ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
  reset_ = n < 0 && errno == ECONNRESET;
  ended_ = n <= 0;
  if (ended_) return false;
  tls_.receive({bytes, static_cast<size_t>(n)});
  flush();
  return true;
}

void TlsSocket::send(std::string_view plain) {
  tls_.send(plain);
  flush();
}

void TlsSocket::send_in_pieces(std::string_view plain, size_t piece) {
  tls_.send(plain);
  const std::string sealed = tls_.take_output();
  for (size_t at = 0; at < sealed.size(); at += piece) put(std::string_view(sealed).substr(at, piece));
}

void TlsSocket::say_goodbye() {
  tls_.close();
  flush();
}

std::optional<RawResponse> TlsSocket::read_response() {
  for (;;) {
    const std::string_view text = std::string_view(tls_.plain()).substr(taken_);
    const size_t end = text.find("\r\n\r\n");
    if (end != text.npos) {
      RawResponse response;
      response.head = text.substr(0, end + 4);
      response.status = std::atoi(response.head.c_str() + 9);
      const size_t length = response.head.find("Content-Length: ");
      const size_t size = length == std::string::npos ? 0 : std::strtoul(&response.head[length + 16], nullptr, 10);
      if (text.size() >= end + 4 + size) {
        response.body = text.substr(end + 4, size);
        taken_ += end + 4 + size;
        return response;
      }
    }
    if (!fill()) return std::nullopt;
  }
}

bool TlsSocket::ended() {
  while (fill()) continue;
  return ended_;
}

bool TlsSocket::closed_cleanly() {
  return ended() && !reset_ && tls_.closed();
}

}  // namespace forebay::testing
