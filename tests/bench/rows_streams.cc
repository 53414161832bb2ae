// Ten thousand readers of one topic, a hundred messages a second.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "dialects.h"
#include "hammer.h"
#include "proc.h"
#include "rows.h"
#include "world.h"

namespace forebay::bench {
namespace {

constexpr size_t readers = 10'000;
constexpr double seconds = 10, per_second = 100;

// Readers on one epoll; counts events by their "data: " lines.
class Crowd {
 public:
  explicit Crowd(uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    const std::string ask = http_get_request("/v1/topics/live/stream");
    for (size_t i = 0; i < readers; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        die(fmt::format("reader {} cannot connect", i));
      }
      if (send(fd, ask.data(), ask.size(), MSG_NOSIGNAL) < 0) die("a reader cannot ask");
      fcntl(fd, F_SETFL, O_NONBLOCK);
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
      fds_.push_back(fd);
    }
  }
  ~Crowd() {
    for (const int fd : fds_) close(fd);
    close(epoll_);
  }
  // Until so many events have come, or the time is over.
  uint64_t read(uint64_t events, double seconds_max) {
    const int64_t until = steady_ns() + static_cast<int64_t>(seconds_max * 1e9);
    std::vector<epoll_event> ready(512);
    std::string bytes(65'536, '\0');
    while (events_ < events && steady_ns() < until) {
      const int n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 100);
      for (int i = 0; i < n; ++i) {
        const ssize_t got = recv(ready[static_cast<size_t>(i)].data.fd, bytes.data(), bytes.size(), 0);
        if (got == 0) die("a reader was hung up on");
        if (got > 0) count(std::string_view(bytes).substr(0, static_cast<size_t>(got)));
      }
    }
    return events_;
  }

 private:
  // A "data:" that two reads share is rare, and would be missed: so each event ends in a byte of its own.
  void count(std::string_view text) {
    for (const char c : text) events_ += c == '~';
  }
  int epoll_;
  std::vector<int> fds_;
  uint64_t events_ = 0;
};

}  // namespace

std::vector<Row> stream_rows(const Options& options) {
  Row cores{.name = "stream_readers",
            .figure = fmt::format("{} live readers, {} messages/s", readers, per_second),
            .unit = "cores",
            .target = 1,
            .at_least = false};
  Row memory{.name = "stream_reader_memory",
             .figure = "memory of a live reader",
             .unit = "KiB",
             .target = 10,
             .at_least = false};
  double missed = 0;
  for (int round = 0; round < options.rounds; ++round) {
    const Directory directory(options.directory);
    const Relay relay(options.forebay, directory.make("relay"),
                      {.more = "topics:\n  live: {}\n", .max_connections = readers + 100});
    const auto before = static_cast<double>(rss_bytes(relay.pid()));
    Crowd crowd(relay.http_port());
    crowd.read(1, 1);
    memory.ours.push_back((static_cast<double>(rss_bytes(relay.pid())) - before) / 1024 / readers);
    const double cpu_before = cpu_seconds(relay.pid());
    const int64_t began = steady_ns();
    std::thread publisher([&relay] {
      const HammerResult result =
          hammer({.port = relay.http_port(),
                  .request = http_post("/v1/topics/live/messages", "", std::string(199, 'x') + "~"),
                  .read = http_replies(202),
                  .requests_max = static_cast<uint64_t>(per_second * seconds),
                  .requests_per_second = per_second});
      if (!result.error.empty() || result.bad > 0) die("publishing to a topic: " + result.error);
    });
    const auto wanted = static_cast<uint64_t>(per_second * seconds) * readers;
    const uint64_t got = crowd.read(wanted, 3 * seconds);
    publisher.join();
    cores.ours.push_back((cpu_seconds(relay.pid()) - cpu_before) / (static_cast<double>(steady_ns() - began) / 1e9));
    missed += static_cast<double>(wanted - got);
  }
  cores.note = fmt::format("bodies of 200 B; {} events missed", missed);
  return {cores, memory};
}

}  // namespace forebay::bench
