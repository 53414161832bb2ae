#include <algorithm>

#include "doors/server.h"

namespace forebay {

std::string address_text(const std::string& host, uint16_t port) {
  const bool is_v6 = host.find(':') != host.npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// Those above max_connections are few, and told; beyond, clients wait in the kernel's backlog.
uint64_t descriptors_max(uint32_t max_connections) {
  return uint64_t{max_connections} + std::clamp<uint64_t>(max_connections / 8, 4, 64);
}

ServerOptions server_options(const DoorConfig& config) {
  ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.max_connections = config.max_connections;
  options.max_header_bytes = config.max_header_bytes;
  options.max_body_bytes = config.max_body_bytes;
  options.header_timeout = config.header_timeout;
  options.body_timeout = config.body_timeout;
  options.idle_timeout = config.idle_timeout;
  options.tls = config.tls;
  return options;
}

}  // namespace forebay
