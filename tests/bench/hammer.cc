#include "hammer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <vector>

#include "relay/cli/send_score.h"
#include "tests/support/tls_client.h"

namespace forebay::bench {
namespace {

int64_t steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

struct Connection {
  int fd = -1;
  std::unique_ptr<testing::TlsClient> tls;
  std::string in, out;
  size_t out_at = 0;
  bool wants_write = false;
  std::deque<int64_t> sent_ns;
  uint64_t replies_of_front = 0;
};

class Hammer {
 public:
  explicit Hammer(const HammerOptions& options) : options_(options) {}
  ~Hammer() {
    for (Connection& each : connections_) {
      if (each.fd >= 0) close(each.fd);
    }
    if (epoll_ >= 0) close(epoll_);
  }

  HammerResult run() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    connections_.resize(options_.connections);
    for (size_t i = 0; i < connections_.size(); ++i) open(i);
    began_ns_ = last_ns_ = now_ns_ = steady_ns();
    while (result_.error.empty() && !finished()) turn();
    result_.seconds = static_cast<double>(last_ns_ - began_ns_) / 1e9;
    result_.p50_ms = latency_.quantile_ms(0.5);
    result_.p99_ms = latency_.quantile_ms(0.99);
    return result_;
  }

 private:
  void open(size_t index) {
    Connection& each = connections_[index];
    each.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(each.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail("connect");
    const int on = 1;
    setsockopt(each.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options_.tls) shake_hands(each);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, each.fd, &event);
  }

  void shake_hands(Connection& each) {
    each.tls = std::make_unique<testing::TlsClient>(testing::TlsClient::Settings{});
    for (;;) {
      const std::string out = each.tls->take_output();
      if (send(each.fd, out.data(), out.size(), MSG_NOSIGNAL) < 0) return fail("send");
      if (each.tls->established()) return;
      const ssize_t got = recv(each.fd, buffer_, sizeof buffer_, 0);
      if (got <= 0) return fail("the server closed in the handshake");
      each.tls->receive({buffer_, static_cast<size_t>(got)});
      if (each.tls->failed()) return fail(each.tls->why().c_str());
    }
  }

  void put(Connection& each, std::string_view request) {
    if (each.tls) each.tls->send(request);
    each.out += each.tls ? each.tls->take_output() : std::string(request);
  }

  void take(Connection& each, std::string_view bytes) {
    if (each.tls) each.tls->receive(bytes);
    each.in += each.tls ? each.tls->take_plain() : std::string(bytes);
  }

  bool may_send() const {
    if (sent_ >= options_.requests_max) return false;
    const double elapsed = static_cast<double>(now_ns_ - began_ns_) / 1e9;
    if (elapsed >= options_.seconds_max) return false;
    return options_.requests_per_second <= 0 || static_cast<double>(sent_) < elapsed * options_.requests_per_second;
  }

  bool finished() const {
    const bool over =
        sent_ >= options_.requests_max || static_cast<double>(now_ns_ - began_ns_) / 1e9 >= options_.seconds_max;
    return over && outstanding_ == 0;
  }

  void turn() {
    now_ns_ = steady_ns();
    const bool paced = options_.requests_per_second > 0;
    if (paced || sent_ == 0) {
      for (size_t i = 0; i < connections_.size(); ++i) fill(i);
    }
    epoll_event events[128];
    const int count = epoll_wait(epoll_, events, 128, paced ? 1 : 1000);
    now_ns_ = steady_ns();
    if (now_ns_ - last_ns_ > 20'000'000'000 && outstanding_ > 0) return fail("no reply within 20 s");
    for (int i = 0; i < count && result_.error.empty(); ++i) {
      const size_t index = events[i].data.u64;
      if (events[i].events & EPOLLOUT) write_out(index);
      if (events[i].events & ~static_cast<uint32_t>(EPOLLOUT)) read_in(index);
    }
  }

  void fill(size_t index) {
    Connection& each = connections_[index];
    while (each.sent_ns.size() < options_.window && may_send()) {
      put(each, options_.request);
      each.sent_ns.push_back(now_ns_);
      ++sent_;
      ++outstanding_;
    }
    if (!each.wants_write) write_out(index);
  }

  void write_out(size_t index) {
    Connection& each = connections_[index];
    while (each.out_at < each.out.size()) {
      const ssize_t wrote =
          send(each.fd, each.out.data() + each.out_at, each.out.size() - each.out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (wrote < 0 && errno == EAGAIN) break;
      if (wrote < 0) return fail("send");
      each.out_at += static_cast<size_t>(wrote);
    }
    const bool left = each.out_at < each.out.size();
    if (!left) each.out.clear(), each.out_at = 0;
    if (left == each.wants_write) return;
    each.wants_write = left;
    epoll_event event{.events = left ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.u64 = index}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, each.fd, &event);
  }

  void read_in(size_t index) {
    Connection& each = connections_[index];
    const ssize_t got = recv(each.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return fail(got == 0 ? "the server closed" : "recv");
    take(each, {buffer_, static_cast<size_t>(got)});
    const Replies replies = options_.read(each.in);
    each.in.erase(0, replies.consumed);
    result_.good += replies.good;
    result_.bad += replies.bad;
    each.replies_of_front += replies.good + replies.bad;
    while (each.replies_of_front >= options_.replies_per_request && !each.sent_ns.empty()) {
      each.replies_of_front -= options_.replies_per_request;
      latency_.add(now_ns_ - each.sent_ns.front());
      each.sent_ns.pop_front();
      --outstanding_;
      last_ns_ = now_ns_;
    }
    fill(index);
  }

  void fail(const char* what) { result_.error = std::string(what) + ": " + strerror(errno); }

  const HammerOptions& options_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  HammerResult result_;
  LatencyHistogram latency_;
  uint64_t sent_ = 0, outstanding_ = 0;
  int64_t began_ns_ = 0, last_ns_ = 0, now_ns_ = 0;
  char buffer_[256 * 1024];
};

}  // namespace

HammerResult hammer(const HammerOptions& options) {
  return std::make_unique<Hammer>(options)->run();
}

}  // namespace forebay::bench
