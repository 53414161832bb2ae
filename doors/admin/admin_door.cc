#include "doors/admin/admin_door.h"

#include <utility>

namespace forebay {
namespace {

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
  return options;
}

}  // namespace

AdminDoor::AdminDoor(uv_loop_t* loop, const DoorConfig& config, AdminView& view, MetricsText text)
    : handler_(loop, view, std::move(text)), server_(make_server(loop, server_options(config), handler_)) {
  handler_.answer_through(*server_);
}

void AdminDoor::close() {
  handler_.close();
  server_->close();
}

}  // namespace forebay
