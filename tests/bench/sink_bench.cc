// How many deliveries a second one core brings through the HTTP sink.
//
//   sink_bench [deliveries] [in flight] [body bytes] [rounds]
//
// The downstream is a minimal epoll server on a thread of its own: it finds the end of each request and
// answers with a fixed reply. Printed per round and as the median: deliveries/s, and processor time of the
// sink's thread per delivery. Deliveries are handed in from outcomes, so that `in flight` are always under
// way.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sinks/http/http_sink.h"

namespace forebay {
namespace {

class FastServer {
 public:
  FastServer() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    [[maybe_unused]] int bound = bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    assert(bound == 0);
    listen(listener_, 1024);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    watch(listener_);
    watch(stop_);
    thread_ = std::thread([this] { serve(); });
  }

  ~FastServer() {
    eventfd_write(stop_, 1);
    thread_.join();
    for (auto& [fd, bytes] : connections_) close(fd);
    for (int fd : {listener_, stop_, epoll_}) close(fd);
  }

  uint16_t port() const { return port_; }

 private:
  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void serve() {
    epoll_event events[256];
    for (;;) {
      int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        if (fd == stop_) return;
        if (fd == listener_)
          accept_one();
        else
          read_some(fd);
      }
    }
  }

  void accept_one() {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd];
    watch(fd);
  }

  void read_some(int fd) {
    static constexpr std::string_view kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static constexpr std::string_view kLength = "Content-Length: ";
    char bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
      close(fd);
      connections_.erase(fd);
      return;
    }
    std::string& buffer = connections_[fd];
    buffer.append(bytes, static_cast<size_t>(n));
    for (size_t end; (end = buffer.find("\r\n\r\n")) != buffer.npos;) {
      size_t at = buffer.find(kLength);
      size_t length = at < end ? strtoul(buffer.c_str() + at + kLength.size(), nullptr, 10) : 0;
      if (buffer.size() < end + 4 + length) return;
      buffer.erase(0, end + 4 + length);
      send(fd, kReply.data(), kReply.size(), MSG_NOSIGNAL);
    }
  }

  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int stop_ = eventfd(0, EFD_CLOEXEC);
  int listener_ = -1;
  uint16_t port_ = 0;
  std::map<int, std::string> connections_;
  std::thread thread_;
};

double seconds_of(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

double thread_cpu_seconds() {
  rusage used;
  getrusage(RUSAGE_THREAD, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

struct Figures {
  double per_second = 0;
  double cpu_us = 0;
};

class Producer : public SinkListener {
 public:
  Producer(const std::string& url, uint32_t in_flight, std::string body) : body_(std::move(body)) {
    SinkConfig config;
    config.name = "bench";
    config.url = url;
    config.concurrency = in_flight;
    in_flight_ = in_flight;
    uv_loop_init(&loop_);
    sink_ = std::make_unique<HttpSink>(&loop_, config, *this);
  }

  ~Producer() override {
    sink_.reset();
    while (uv_run(&loop_, UV_RUN_DEFAULT) != 0) continue;
    uv_loop_close(&loop_);
  }

  Figures run(uint64_t deliveries) {
    auto began = std::chrono::steady_clock::now();
    double cpu_began = thread_cpu_seconds();
    handed_in_ = ended_ = 0;
    goal_ = deliveries;
    while (handed_in_ < std::min<uint64_t>(goal_, in_flight_)) hand_in();
    while (ended_ < goal_) uv_run(&loop_, UV_RUN_ONCE);
    double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    double n = static_cast<double>(goal_);
    return {n / took, (thread_cpu_seconds() - cpu_began) / n * 1e6};
  }

  void on_outcome(Ticket, Outcome outcome) override {
    assert(outcome.kind == Outcome::Kind::delivered);
    ended_++;
    if (handed_in_ < goal_) hand_in();
  }

 private:
  void hand_in() {
    Delivery delivery;
    delivery.ticket = ++handed_in_;
    delivery.message_id = delivery.idempotency_key = "01HZX5T8Q2V7K3M9N4P6R0S1WC";
    delivery.queue = "sms";
    delivery.content_type = "application/json";
    delivery.body = body_;
    sink_->deliver(std::move(delivery));
  }

  uv_loop_t loop_;
  std::unique_ptr<HttpSink> sink_;
  std::string body_;
  uint64_t in_flight_ = 0, handed_in_ = 0, ended_ = 0, goal_ = 0;
};

uint64_t argument(int argc, char** argv, int at, uint64_t otherwise) {
  return argc > at ? strtoull(argv[at], nullptr, 10) : otherwise;
}

int run(int argc, char** argv) {
  uint64_t deliveries = argument(argc, argv, 1, 100'000);
  uint64_t in_flight = argument(argc, argv, 2, 64);
  uint64_t body_bytes = argument(argc, argv, 3, 300);
  uint64_t rounds = argument(argc, argv, 4, 5);
  FastServer server;
  Producer producer("http://127.0.0.1:" + std::to_string(server.port()) + "/send", static_cast<uint32_t>(in_flight),
                    std::string(body_bytes, 'x'));
  producer.run(std::min<uint64_t>(deliveries, 1000));
  std::vector<Figures> all;
  for (uint64_t round = 0; round < rounds; round++) {
    all.push_back(producer.run(deliveries));
    printf("round %lu: %.0f deliveries/s, %.1f us of processor each\n", round + 1, all.back().per_second,
           all.back().cpu_us);
  }
  std::sort(all.begin(), all.end(), [](const Figures& a, const Figures& b) { return a.per_second < b.per_second; });
  printf("median: %.0f deliveries/s, %.1f us of processor each, %lu in flight, bodies of %lu bytes\n",
         all[all.size() / 2].per_second, all[all.size() / 2].cpu_us, in_flight, body_bytes);
  return 0;
}

}  // namespace
}  // namespace forebay

int main(int argc, char** argv) {
  return forebay::run(argc, argv);
}
