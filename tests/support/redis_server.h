// RedisServer: a real redis-server (Debian) on a free port of loopback, with an empty memory and nothing on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

struct redisContext;

namespace forebay::testing {

class RedisServer {
 public:
  // `settings` as on redis-server's command line: {"--requirepass", "x"}.
  explicit RedisServer(std::vector<std::string> settings = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  uint16_t port() const { return port_; }
  std::string url(const std::string& rest = "") const { return "redis://127.0.0.1:" + std::to_string(port_) + rest; }
  // Away: connections end, the port refuses.
  void stop();
  // On the same port, with the settings it began with and nothing in its memory.
  bool start();

  // A command's reply as text: items of an array in lines, an error with its "-". "" for nil.
  std::string ask(const std::vector<std::string>& words);
  // After ask({"SUBSCRIBE", …}): the next message of the channel, "channel\ntext"; "": none came within 20 s.
  std::string hear();

 private:
  std::vector<std::string> settings_;
  TempDir directory_;
  uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
  redisContext* context_ = nullptr;
};

}  // namespace forebay::testing
