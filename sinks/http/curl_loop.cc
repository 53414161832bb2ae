#include "sinks/http/curl_loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>

namespace forebay {

constexpr size_t kNotResting = SIZE_MAX;

struct CurlLoop::Watch {
  uv_poll_t poll;
  CurlLoop* owner;
  curl_socket_t fd;
  bool ours;       // opened through on_open: lives until on_close. Else (the resolver's): until CURL_POLL_REMOVE
  int armed = 0;   // uv events the poll is started with
  int wanted = 0;  // uv events libcurl asked for. 0: at rest
  size_t resting_at = kNotResting;  // place in resting_

  int arm();
  void on_event_at_rest(int status, int events);
};

namespace {

constexpr int kRoundsPerTurn = 16;  // of transfers that end at once and make room for others

int to_uv(int what) {
  switch (what) {
    case CURL_POLL_IN:
      return UV_READABLE;
    case CURL_POLL_OUT:
      return UV_WRITABLE;
    case CURL_POLL_INOUT:
      return UV_READABLE | UV_WRITABLE;
    default:
      return 0;
  }
}

template <typename Handle>
void close_and_free(Handle* handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(handle), [](uv_handle_t* h) { delete reinterpret_cast<Handle*>(h); });
}

// What has come in is thrown away first, so that libcurl's own check sees the end of the stream.
void spoil(curl_socket_t fd) {
  char bytes[4096];
  for (int i = 0; i < 16 && recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0; i++) continue;
  shutdown(fd, SHUT_RDWR);
}

}  // namespace

int CurlLoop::Watch::arm() {
  if (wanted == armed || wanted == 0) return 0;
  armed = wanted;
  return uv_poll_start(&poll, armed, on_event);
}

// An event on a connection at rest. Room to write is no news; anything else ends the connection.
void CurlLoop::Watch::on_event_at_rest(int status, int events) {
  if (status == 0 && (events & UV_READABLE) == 0) {
    armed = UV_READABLE;
    uv_poll_start(&poll, armed, on_event);
    return;
  }
  uv_poll_stop(&poll);
  armed = 0;
  spoil(fd);
}

CurlLoop::CurlLoop(uv_loop_t* loop, Owner& owner)
    : loop_(loop), owner_(owner), multi_(curl_multi_init()), idle_(new uv_idle_t), timer_(new uv_timer_t) {
  assert(multi_ != nullptr);
  uv_idle_init(loop_, idle_);
  uv_timer_init(loop_, timer_);
  idle_->data = timer_->data = this;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer_wish);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

CurlLoop::~CurlLoop() {
  close();
}

void CurlLoop::set_connections(uint32_t connections_max) {
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections_max));
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(connections_max));
}

void CurlLoop::attach(CURL* easy, Opening* opening) {
  opening->loop = this;
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, opening);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void CurlLoop::add(CURL* easy) {
  [[maybe_unused]] CURLMcode code = curl_multi_add_handle(multi_, easy);
  assert(code == CURLM_OK);
  wake();
}

void CurlLoop::remove(CURL* easy) {
  curl_multi_remove_handle(multi_, easy);
}

void CurlLoop::wake() {
  due_now_ = true;
  if (!uv_is_active(reinterpret_cast<uv_handle_t*>(idle_))) uv_idle_start(idle_, on_idle);
}

void CurlLoop::close() {
  if (closed()) return;
  CURLM* multi = multi_;
  multi_ = nullptr;
  curl_multi_cleanup(multi);  // closes the connections kept, through on_close
  for (Watch* watch : watches_)
    if (watch != nullptr) unwatch(watch->fd);
  uv_idle_stop(idle_);
  uv_timer_stop(timer_);
  close_and_free(idle_);
  close_and_free(timer_);
}

CurlLoop::Watch* CurlLoop::watch_of(curl_socket_t fd, bool ours) {
  if (static_cast<size_t>(fd) >= watches_.size()) watches_.resize(fd + 64, nullptr);
  if (watches_[fd] != nullptr) return watches_[fd];
  auto* watch = new Watch{.poll = {}, .owner = this, .fd = fd, .ours = ours};
  if (uv_poll_init_socket(loop_, &watch->poll, fd) != 0) {
    delete watch;
    return nullptr;
  }
  watch->poll.data = watch;
  return watches_[fd] = watch;
}

void CurlLoop::unwatch(curl_socket_t fd) {
  if (static_cast<size_t>(fd) >= watches_.size() || watches_[fd] == nullptr) return;
  Watch* watch = watches_[fd];
  watches_[fd] = nullptr;
  rouse(watch);
  uv_poll_stop(&watch->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->poll),
           [](uv_handle_t* handle) { delete static_cast<Watch*>(handle->data); });
}

void CurlLoop::lay_to_rest(Watch* watch) {
  watch->wanted = 0;
  if (watch->resting_at != kNotResting) return;
  watch->resting_at = resting_.size();
  resting_.push_back(watch);
}

void CurlLoop::rouse(Watch* watch) {
  if (watch->resting_at == kNotResting) return;
  assert(resting_[watch->resting_at] == watch);
  resting_.back()->resting_at = watch->resting_at;
  resting_[watch->resting_at] = resting_.back();
  resting_.pop_back();
  watch->resting_at = kNotResting;
}

// libcurl takes a connection with bytes waiting for a healthy one and would read them as the answer to the
// next request. The loop's own look at them may be a whole turn old.
void CurlLoop::spoil_what_spoke() {
  looks_.clear();
  for (const Watch* watch : resting_) looks_.push_back({watch->fd, POLLIN, 0});
  int spoke = looks_.empty() ? 0 : poll(looks_.data(), looks_.size(), 0);
  for (size_t i = 0; spoke > 0 && i < looks_.size(); i++)
    if (looks_[i].revents != 0) spoil(looks_[i].fd);
}

curl_socket_t CurlLoop::on_open(void* data, curlsocktype, curl_sockaddr* address) {
  auto* opening = static_cast<Opening*>(data);
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
  if (fd < 0) {
    const bool ours = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (ours) opening->error = errno;  // else the family: this machine has no IPv6
    return CURL_SOCKET_BAD;
  }
  if (opening->loop->watch_of(fd, true) != nullptr) return fd;
  ::close(fd);
  return CURL_SOCKET_BAD;
}

int CurlLoop::on_close(void* self, curl_socket_t fd) {
  static_cast<CurlLoop*>(self)->unwatch(fd);
  return ::close(fd);
}

int CurlLoop::on_socket_wish(CURL*, curl_socket_t fd, int what, void* data, void*) {
  auto* self = static_cast<CurlLoop*>(data);
  if (what == CURL_POLL_REMOVE) {
    bool known = static_cast<size_t>(fd) < self->watches_.size() && self->watches_[fd] != nullptr;
    if (known && self->watches_[fd]->ours) self->lay_to_rest(self->watches_[fd]);
    if (known && !self->watches_[fd]->ours) self->unwatch(fd);
    return 0;
  }
  Watch* watch = self->watch_of(fd, false);
  if (watch == nullptr) return -1;
  self->rouse(watch);
  watch->wanted = to_uv(what);
  return watch->arm();
}

int CurlLoop::on_timer_wish(CURLM*, long timeout_ms, void* data) {
  auto* self = static_cast<CurlLoop*>(data);
  if (self->closed()) return 0;
  if (timeout_ms == 0) {
    self->wake();
    return 0;
  }
  self->timer_due_ms_ = timeout_ms < 0 ? 0 : uv_now(self->loop_) + static_cast<uint64_t>(timeout_ms);
  if (self->timer_due_ms_ == 0) return 0;  // an armed timer finds nothing due and stops by itself
  // The nearest deadline moves back with every transfer that ends: a timer set too early costs less than
  // setting it anew each time.
  if (self->timer_armed_ms_ != 0 && self->timer_armed_ms_ <= self->timer_due_ms_) return 0;
  self->timer_armed_ms_ = self->timer_due_ms_;
  uv_timer_start(self->timer_, on_timer, static_cast<uint64_t>(timeout_ms), 0);
  return 0;
}

void CurlLoop::on_timer(uv_timer_t* timer) {
  auto* self = static_cast<CurlLoop*>(timer->data);
  self->timer_armed_ms_ = 0;
  uint64_t now_ms = uv_now(self->loop_);
  if (self->timer_due_ms_ == 0) return;
  if (self->timer_due_ms_ > now_ms) {
    self->timer_armed_ms_ = self->timer_due_ms_;
    uv_timer_start(timer, on_timer, self->timer_due_ms_ - now_ms, 0);
    return;
  }
  self->timer_due_ms_ = 0;
  self->drive(CURL_SOCKET_TIMEOUT, 0);
}

void CurlLoop::on_idle(uv_idle_t* idle) {
  auto* self = static_cast<CurlLoop*>(idle->data);
  for (int round = 0; round < kRoundsPerTurn && self->due_now_; round++) {
    self->due_now_ = false;
    self->owner_.on_turn();
    if (self->closed()) return;
    self->spoil_what_spoke();
    self->drive(CURL_SOCKET_TIMEOUT, 0);
    if (self->closed()) return;
  }
  if (!self->due_now_) uv_idle_stop(idle);
}

void CurlLoop::on_event(uv_poll_t* poll, int status, int events) {
  auto* watch = static_cast<Watch*>(poll->data);
  if (watch->wanted == 0) {
    watch->on_event_at_rest(status, events);
    return;
  }
  CurlLoop* self = watch->owner;
  curl_socket_t fd = watch->fd;
  int action = 0;
  if (events & UV_READABLE) action |= CURL_CSELECT_IN;
  if (events & UV_WRITABLE) action |= CURL_CSELECT_OUT;
  if (status < 0) watch->armed = action = 0;  // libuv stopped the poll; libcurl asks the socket what is wrong
  self->drive(fd, action);
  if (status < 0 && !self->closed() && self->watches_[fd] == watch) watch->arm();
}

void CurlLoop::drive(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  report_done();
}

void CurlLoop::report_done() {
  int left = 0;
  while (!closed()) {
    CURLMsg* message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    CURLcode result = message->data.result;
    curl_multi_remove_handle(multi_, easy);
    owner_.on_done(easy, result);
  }
}

}  // namespace forebay
