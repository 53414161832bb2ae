// RedisSink: one command per delivery (redis_words.h), pipelined over one connection (redis_connection.h), without TLS.
//
// What a reply means: classify_redis.h. A connection that ends while a command is unanswered leaves open whether it was
// done: the message is sent again, so a stream can hold it twice, with the same id.
// Not to be destroyed from inside on_outcome(); shut_down() may be called there.
#pragma once

#include <uv.h>

#include <utility>
#include <vector>

#include "config/config.h"
#include "sinks/redis/redis_connection.h"
#include "sinks/sink.h"

namespace forebay {

class RedisSink : public Sink {
 public:
  RedisSink(uv_loop_t* loop, const SinkConfig& config, SinkListener& listener);

  void deliver(Delivery delivery) override;
  void reconfigure(const SinkConfig& config) override;
  void shut_down() override;

 private:
  void finish(Ticket ticket, const RedisResult& result);

  SinkListener& listener_;
  SinkConfig config_;
  RedisConnection connection_;
};

}  // namespace forebay
