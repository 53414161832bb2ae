#include "sinks/redis/redis_sink.h"

#include "sinks/redis/classify_redis.h"
#include "sinks/redis/redis_words.h"

namespace forebay {
namespace {

// Of a config that the loader let through; an url that is none names no host, and every call says so.
ServerUrl server_of(const SinkConfig& config) {
  ServerUrl server;
  why_not_server_url(config.url, &server);
  return server;
}

}  // namespace

RedisSink::RedisSink(uv_loop_t* loop, const SinkConfig& config, SinkListener& listener)
    : listener_(listener), config_(config), connection_(loop, server_of(config)) {}

void RedisSink::deliver(Delivery delivery) {
  const Ticket ticket = delivery.ticket;
  connection_.call(redis_words(config_.redis, delivery), config_.timeout,
                   [this, ticket](const RedisResult& result) { finish(ticket, result); });
}

void RedisSink::finish(Ticket ticket, const RedisResult& result) {
  if (wants_another_server(result)) connection_.set_server(server_of(config_));
  listener_.on_outcome(ticket, classify_redis(result));
}

void RedisSink::reconfigure(const SinkConfig& config) {
  const bool other = config.url != config_.url;
  config_ = config;
  if (other) connection_.set_server(server_of(config_));
}

void RedisSink::shut_down() {
  connection_.close();
}

}  // namespace forebay
