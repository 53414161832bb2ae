#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace forebay::testing {
namespace {

constexpr timeval patience{20, 0};

uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

std::string text_of(const redisReply& reply) {
  std::string text = reply.type == REDIS_REPLY_ERROR ? "-" : "";
  if (reply.type == REDIS_REPLY_INTEGER) text += std::to_string(reply.integer);
  if (reply.str != nullptr) text.append(reply.str, reply.len);
  for (size_t i = 0; i < reply.elements; ++i) text += text_of(*reply.element[i]) + "\n";
  return text;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> settings) : settings_(std::move(settings)) {
  // redis-server cannot choose a port itself. Somebody else may take this one first: then another is tried.
  for (int tries = 0; tries < 5; ++tries) {
    port_ = free_port();
    if (start()) return;
  }
}

RedisServer::~RedisServer() {
  stop();
}

bool RedisServer::start() {
  std::vector<std::string> argv{"redis-server",   "--port", std::to_string(port_), "--bind", "127.0.0.1",
                                "--save",         "",       "--appendonly",        "no",     "--dir",
                                directory_.path()};
  argv.insert(argv.end(), settings_.begin(), settings_.end());
  process_ = std::make_unique<Process>(argv);
  return process_->wait_for("Ready to accept connections").has_value();
}

void RedisServer::stop() {
  if (context_ != nullptr) redisFree(std::exchange(context_, nullptr));
  process_.reset();
}

std::string RedisServer::ask(const std::vector<std::string>& words) {
  if (context_ == nullptr) context_ = redisConnectWithTimeout("127.0.0.1", port_, patience);
  if (context_ == nullptr || context_->err != 0) return "-no connection";
  redisSetTimeout(context_, patience);
  std::vector<const char*> starts;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  void* reply = redisCommandArgv(context_, static_cast<int>(words.size()), starts.data(), sizes.data());
  if (reply == nullptr) return "-no reply";
  const std::string text = text_of(*static_cast<redisReply*>(reply));
  freeReplyObject(reply);
  return text;
}

std::string RedisServer::hear() {
  void* reply = nullptr;
  if (context_ == nullptr || redisGetReply(context_, &reply) != REDIS_OK) return "";
  std::string text = text_of(*static_cast<redisReply*>(reply));
  freeReplyObject(reply);
  text.pop_back();
  return text.substr(text.find('\n') + 1);  // without the word `message`
}

}  // namespace forebay::testing
