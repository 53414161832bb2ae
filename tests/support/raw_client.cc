#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace forebay::testing {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool wait_for(int fd, short events, std::chrono::milliseconds deadline) {
  pollfd p{fd, events, 0};
  return poll(&p, 1, static_cast<int>(deadline.count())) > 0;
}

void parse_head(RawResponse* response) {
  std::string_view text = response->head;
  if (text.size() > 12) response->status = std::atoi(std::string(text.substr(9, 3)).c_str());
  text.remove_prefix(std::min(text.find("\r\n") + 2, text.size()));
  while (text.size() > 2) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    const size_t colon = std::min(line.find(": "), line.size());
    response->headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
    text.remove_prefix(line.size() + 2);
  }
}

}  // namespace

std::string RawResponse::header(std::string_view name) const {
  std::string found;
  int count = 0;
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) found = value, ++count;
  }
  return count == 1 ? found : std::string();
}

RawClient::RawClient(uint16_t port, int receive_buffer_bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  if (receive_buffer_bytes > 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return;
  }
  fd_ = fd;
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      reset_(other.reset_),
      ended_(other.ended_),
      deadline_(other.deadline_),
      buffer_(std::move(other.buffer_)) {}

RawClient::~RawClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, deadline_)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

void RawClient::shut_down_writing() {
  shutdown(fd_, SHUT_WR);
}

void RawClient::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(fd_, -1));
}

bool RawClient::fill() {
  if (ended_ || fd_ < 0 || !wait_for(fd_, POLLIN, deadline_)) return false;
  char bytes[65536];
  const ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
  if (n > 0) {
    buffer_.append(bytes, static_cast<size_t>(n));
    return true;
  }
  ended_ = true;
  reset_ = n < 0;
  return false;
}

std::optional<RawResponse> RawClient::read_response(bool to_head) {
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  RawResponse response;
  response.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  parse_head(&response);
  if (to_head || response.status < 200 || response.status == 204) return response;
  const size_t length = std::strtoul(response.header("Content-Length").c_str(), nullptr, 10);
  while (buffer_.size() < length) {
    if (!fill()) return std::nullopt;
  }
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return response;
}

std::string RawClient::read_line() {
  size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (!fill()) return {};
  }
  std::string line = buffer_.substr(0, end + 1);
  buffer_.erase(0, end + 1);
  return line;
}

std::string RawClient::read_bytes(size_t n) {
  while (buffer_.size() < n && fill()) {
  }
  std::string bytes = buffer_.substr(0, n);
  buffer_.erase(0, n);
  return bytes;
}

bool RawClient::closed_quietly() {
  if (!buffer_.empty() || fill()) return false;
  return ended_ && !reset_;
}

std::string RawClient::read_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

}  // namespace forebay::testing
