#include "sinks/make_sink.h"

#include "sinks/file/file_sink.h"
#include "sinks/http/http_sink.h"
#include "sinks/redis/redis_sink.h"
#include "sinks/replaceable_sink.h"
#include "sinks/smtp/smtp_sink.h"

namespace forebay {
namespace {

std::unique_ptr<Sink> make_plain(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener) {
  if (config.type == "file") return std::make_unique<FileSink>(ports, config, listener);
  if (config.type == "smtp") return std::make_unique<SmtpSink>(ports, config, listener);
  if (config.type == "redis") return std::make_unique<RedisSink>(ports.loop, config, listener);
  return std::make_unique<HttpSink>(ports.loop, config, listener);
}

}  // namespace

std::unique_ptr<Sink> make_sink(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener) {
  return std::make_unique<ReplaceableSink>(
      config, listener, [ports](const SinkConfig& sink, SinkListener& seat) { return make_plain(ports, sink, seat); });
}

}  // namespace forebay
