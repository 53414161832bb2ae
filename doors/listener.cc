#include "doors/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>

namespace forebay {
namespace {

constexpr int backlog_connections = 1024;
constexpr int accepts_a_turn_max = 64;
constexpr uint64_t back_off_ms = 100;

int bind_one(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, backlog_connections) == 0) {
    return fd;
  }
  const int error = uv_translate_sys_error(errno);
  ::close(fd);
  return error;
}

int port_of(int fd, uint16_t* port) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return uv_translate_sys_error(errno);
  *port = ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                              : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  return 0;
}

// A client that gave up while it waited: the next one may be fine.
bool concerns_one_client(int error) {
  return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM;
}

}  // namespace

Listener::Listener(uv_loop_t* loop, unsigned reserve, std::function<void(int)> on_accept)
    : loop_(loop), reserve_(reserve), on_accept_(std::move(on_accept)) {}

Listener::~Listener() {
  assert(is_closed());
}

int Listener::open(const std::string& host, uint16_t port) {
  assert(fd_ < 0 && is_closed());
  if (int error = bind_to(host, port)) return error;
  int error = port_of(fd_, &port_);
  if (error == 0) error = start_handles();
  if (error == 0) take_back_spares();
  if (error != 0) {
    ::close(fd_);
    fd_ = -1;
  }
  return error;
}

int Listener::bind_to(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return UV_EAI_NONAME;
  const int result = bind_one(*found);
  freeaddrinfo(found);
  if (result >= 0) fd_ = result;
  return result < 0 ? result : 0;
}

int Listener::start_handles() {
  if (int error = uv_poll_init(loop_, &poll_, fd_)) return error;
  uv_timer_init(loop_, &timer_);
  poll_.data = timer_.data = this;
  open_handles_ = 2;
  listen_for_events();
  return 0;
}

void Listener::listen_for_events() {
  if (fd_ < 0 || paused_ || backing_off_) return;
  uv_poll_start(&poll_, UV_READABLE,
                [](uv_poll_t* poll, int, int) { static_cast<Listener*>(poll->data)->accept_some(); });
}

void Listener::accept_some() {
  for (int i = 0; i < accepts_a_turn_max && fd_ >= 0 && !paused_; ++i) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      take_back_spares();
      on_accept_(fd);
    } else if ((errno == EMFILE || errno == ENFILE) && give_up_spare()) {
      continue;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (!concerns_one_client(errno)) {
      return back_off();
    }
  }
}

bool Listener::give_up_spare() {
  if (spares_.empty()) return false;
  ::close(spares_.back());
  spares_.pop_back();
  return true;
}

// As far as the process has descriptors again.
void Listener::take_back_spares() {
  while (spares_.size() < reserve_) {
    const int spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (spare < 0) return;
    spares_.push_back(spare);
  }
}

void Listener::back_off() {
  backing_off_ = true;
  uv_poll_stop(&poll_);
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<Listener*>(timer->data)->descriptor_freed(); }, back_off_ms, 0);
}

void Listener::descriptor_freed() {
  if (fd_ < 0) return;
  take_back_spares();
  if (!backing_off_) return;
  backing_off_ = false;
  uv_timer_stop(&timer_);
  listen_for_events();
}

void Listener::pause() {
  if (paused_ || fd_ < 0) return;
  paused_ = true;
  uv_poll_stop(&poll_);
}

void Listener::resume() {
  if (!paused_) return;
  paused_ = false;
  listen_for_events();
}

void Listener::close() {
  if (fd_ < 0) return;
  uv_poll_stop(&poll_);
  ::close(fd_);
  fd_ = -1;
  while (give_up_spare()) continue;
  auto closed = [](uv_handle_t* handle) { --static_cast<Listener*>(handle->data)->open_handles_; };
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), closed);
}

}  // namespace forebay
