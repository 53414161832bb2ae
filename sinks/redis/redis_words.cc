#include "sinks/redis/redis_words.h"

#include "sinks/body_value.h"

namespace forebay {

std::vector<std::string> redis_words(const RedisSinkConfig& config, const Delivery& delivery) {
  if (config.as == RedisSinkConfig::As::list) return {"RPUSH", config.name, std::string(delivery.body)};
  if (config.as == RedisSinkConfig::As::channel) return {"PUBLISH", config.name, std::string(delivery.body)};
  std::vector<std::string> words{"XADD", config.name};
  if (config.max_length > 0) words.insert(words.end(), {"MAXLEN", "~", std::to_string(config.max_length)});
  words.emplace_back("*");
  const auto add = [&](const char* field, std::string_view value) {
    words.emplace_back(field);
    words.emplace_back(value);
  };
  add("id", delivery.message_id);
  add("queue", delivery.queue);
  if (!delivery.key.empty()) add("key", delivery.key);
  add("attempt", std::to_string(delivery.attempt));
  add("idempotency_key", delivery.idempotency_key);
  if (!delivery.method.empty()) add("method", delivery.method);
  if (!delivery.target.empty()) add("target", delivery.target);
  if (!delivery.content_type.empty()) add("content_type", delivery.content_type);
  if (!delivery.headers.empty()) {
    std::string headers;
    append_header_object(delivery.headers, &headers);
    add("headers", headers);
  }
  add("body", delivery.body);
  return words;
}

}  // namespace forebay
