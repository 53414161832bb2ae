// LineServer: a server that talks in lines, as a script tells it, on a loopback port of its own. A mail server that is
// rude, a Redis that is not quite one.
//
// A thread accepts, a thread per connection reads lines (without their ends) and asks the script what to do; scripts
// run on those threads. A line with nth 0 is the connection itself: what is said first.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace forebay {

class LineServer {
 public:
  struct Line {
    std::string text;
    int connection = 0;  // 1 for the first accepted
    int nth = 0;         // on its connection, 1 for the first
  };
  struct Answer {
    enum class Then { read, close, hang };  // hang: silent until the client or the server goes
    std::string bytes;
    Then then = Then::read;
  };
  using Script = std::function<Answer(const Line&)>;

  explicit LineServer(Script script);
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  uint16_t port() const { return port_; }
  std::vector<Line> lines() const;
  int connections() const;
  // Lines that begin with it.
  int count(std::string_view beginning) const;
  // Closes every connection; the port takes new ones.
  void close_connections();

 private:
  void accept_loop();
  void serve(int fd, int connection);
  bool say(int fd, const Line& line);

  Script script_;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
  std::set<int> open_;
  int accepted_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace forebay
