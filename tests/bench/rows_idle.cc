// One message at a time on an idle relay; this process is its gateway as well, so both ends have one clock.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dialects.h"
#include "proc.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr size_t kSamples = 150;
constexpr int kPauseMs = 20;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class BothEnds {
 public:
  BothEnds() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    const bool up = bind(listener_, plain, size) == 0 && ::listen(listener_, 64) == 0;
    if (!up || getsockname(listener_, plain, &size) != 0) die("cannot listen");
    port_ = ntohs(address.sin_port);
  }
  ~BothEnds() {
    for (const int fd : {listener_, client_, sink_}) {
      if (fd >= 0) close(fd);
    }
  }
  uint16_t port() const { return port_; }

  void connect_to(uint16_t port) {
    client_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (connect(client_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("cannot connect");
    const int on = 1;
    setsockopt(client_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  struct Times {
    int64_t posted = 0, accepted = 0, arrived = 0;
  };
  Times one_message() {
    static const std::string request = http_publish("q");
    Times times;
    times.posted = steady_ns();
    if (send(client_, request.data(), request.size(), MSG_NOSIGNAL) != ssize_t(request.size())) die("cannot post");
    while (times.accepted == 0 || times.arrived == 0) wait(times);
    return times;
  }

 private:
  void wait(Times& times) {
    pollfd fds[] = {{client_, POLLIN, 0}, {listener_, POLLIN, 0}, {sink_, POLLIN, 0}};
    if (poll(fds, sink_ >= 0 ? 3 : 2, 10'000) <= 0) die("the idle relay does not answer");
    const int64_t now = steady_ns();
    char bytes[8192];
    if (sink_ >= 0 && fds[2].revents != 0) {
      const ssize_t got = recv(sink_, bytes, sizeof bytes, 0);
      if (got <= 0) {
        close(sink_);
        sink_ = -1;
      } else {
        in_.append(bytes, static_cast<size_t>(got));
        if (in_.size() >= kBodyBytes && in_.compare(in_.size() - kBodyBytes, kBodyBytes, sample_body()) == 0) {
          times.arrived = now;
          in_.clear();
          const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
          send(sink_, reply.data(), reply.size(), MSG_NOSIGNAL);
        }
      }
    }
    if (fds[0].revents != 0) {
      if (recv(client_, bytes, sizeof bytes, 0) <= 0) die("the idle relay closes");
      if (times.accepted == 0) times.accepted = now;
    }
    if (fds[1].revents != 0 && sink_ < 0) sink_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  }

  int listener_, client_ = -1, sink_ = -1;
  uint16_t port_ = 0;
  std::string in_;
};

}  // namespace

std::vector<Row> idle_rows(const Options& options) {
  Row row{.name = "idle_arrival_p99",
          .figure = "idle relay, accept to arrival, p99",
          .unit = "ms",
          .reference_name = "bare fdatasync, p99",
          .target = 3,
          .at_least = false};
  const Directory directory(options.directory);
  BothEnds ends;
  const Relay relay(options.forebay, directory.make("relay"), {.sink_port = ends.port()});
  ends.connect_to(relay.http_port());
  const std::string disk = directory.make("disk");
  std::vector<double> whole;
  for (int i = 0; i < 20; ++i) ends.one_message();
  for (int round = 0; round < options.rounds; ++round) {
    row.reference.push_back(quantile(bare_syncs_ms(disk, 60, kSamples, kPauseMs), 0.99));
    std::vector<double> after_accept;
    for (size_t i = 0; i < kSamples; ++i) {
      const BothEnds::Times times = ends.one_message();
      after_accept.push_back(std::max(0.0, static_cast<double>(times.arrived - times.accepted) / 1e6));
      whole.push_back(static_cast<double>(times.arrived - times.posted) / 1e6);
      poll(nullptr, 0, kPauseMs);
    }
    row.ours.push_back(quantile(after_accept, 0.99));
  }
  row.note = fmt::format("from post to arrival, its sync included: p50 {:.2f}, p99 {:.2f} ms", median(whole),
                         quantile(whole, 0.99));
  return {row};
}

}  // namespace forebay::bench
