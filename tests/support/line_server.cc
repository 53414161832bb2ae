#include "tests/support/line_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace forebay {

LineServer::LineServer(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 64);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

LineServer::~LineServer() {
  shutdown(listener_, SHUT_RDWR);  // ends accept()
  acceptor_.join();
  close_connections();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::vector<LineServer::Line> LineServer::lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

int LineServer::connections() const {
  std::lock_guard lock(mutex_);
  return accepted_;
}

int LineServer::count(std::string_view beginning) const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(lines_.begin(), lines_.end(), [&](const Line& line) { return line.text.starts_with(beginning); }));
}

void LineServer::close_connections() {
  std::lock_guard lock(mutex_);
  for (const int fd : open_) shutdown(fd, SHUT_RDWR);
}

void LineServer::accept_loop() {
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    std::lock_guard lock(mutex_);
    open_.insert(fd);
    const int connection = ++accepted_;
    threads_.emplace_back([this, fd, connection] { serve(fd, connection); });
  }
}

void LineServer::serve(int fd, int connection) {
  Line line{"", connection, 0};
  std::string read_so_far;
  char bytes[4096];
  for (bool more = say(fd, line); more;) {
    const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    if (size <= 0) break;
    read_so_far.append(bytes, static_cast<size_t>(size));
    for (size_t end; more && (end = read_so_far.find("\r\n")) != std::string::npos;) {
      line.text = read_so_far.substr(0, end);
      read_so_far.erase(0, end + 2);
      ++line.nth;
      more = say(fd, line);
    }
  }
  std::lock_guard lock(mutex_);
  open_.erase(fd);
  close(fd);
}

bool LineServer::say(int fd, const Line& line) {
  if (line.nth > 0) {
    std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  const Answer answer = script_(line);
  const bool said = answer.bytes.empty() || send(fd, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL) > 0;
  char byte;
  if (answer.then == Answer::Then::hang) {
    while (recv(fd, &byte, 1, 0) > 0) continue;
  }
  return said && answer.then == Answer::Then::read;
}

}  // namespace forebay
